import type { StackOutputs } from "@trivet/worker-runtime/clouds/stack/outputs";
import type { Plan } from "@trivet/worker-runtime/job/plan";
import type { TaskTrace } from "@trivet/worker-runtime/result/run-record";
import { bytes, duration } from "../progress/format.ts";

/** A task on one line: when, which, where, how long, and on what the time went. */
export function taskLineOf(trace: TaskTrace, { rounds, workers, reducers }: Plan): string {
  const { task, round, rank, place, attempt, startedAtMs, finishedAtMs } = trace;
  const digits = (limit: number, value: number) => String(value).padStart(String(limit).length);
  const what =
    task === "step" ? `step of worker ${digits(workers - 1, rank)}` : `reduce of shard ${digits(reducers - 1, rank)}`;
  const parts = [
    `compute ${duration(trace.computeMs)}`,
    `store ${duration(trace.storeMs)}`,
    `queue ${duration(trace.queueMs)}`,
    ...(trace.loadMs > 0 ? [`loading ${duration(trace.loadMs)}`] : []),
    `${bytes(trace.bytesRead)} read`,
    `${bytes(trace.bytesWritten)} written`,
    ...(attempt > 1 ? [`delivery ${attempt}`] : []),
    ...(trace.eagerReason ? [`op by op, since ${trace.eagerReason}`] : []),
  ];
  return [
    new Date(startedAtMs).toISOString(),
    `round ${digits(rounds, round)}`,
    what.padEnd(20),
    place,
    duration(finishedAtMs - startedAtMs).padStart(8),
    parts.join(", "),
  ].join("  ");
}

/** Where the workers' own output is: a folder here; on a stack the command of the cloud's own tool that shows this job's lines. */
export function whereLogsAre(outputs: StackOutputs | undefined, job: string, folder: string): string {
  if (outputs === undefined) return `The worker processes write to ${folder}.`;
  const { cloud, region, logLocation, dashboardUrl } = outputs;
  if (logLocation === undefined)
    return `The stack keeps no logs of its own: its output logLocation is empty.${dashboardUrl ? ` Its page: ${dashboardUrl}` : ""}`;
  const commands: Record<StackOutputs["cloud"], string> = {
    aws: `aws logs tail ${logLocation} --since 1d --filter-pattern '"${job}"'${region ? ` --region ${region}` : ""}`,
    gcp: gcloudCommand(logLocation, job),
    azure:
      "az monitor log-analytics query --workspace " +
      `$(az resource show --ids ${logLocation} --query properties.customerId -o tsv) --analytics-query 'search "${job}"'`,
  };
  return `The workers write to ${logLocation}:\n  ${commands[cloud]}`;
}

/** The workers write JSON lines with the field `job` (clouds/log.ts). A log bucket's id is `projects/P/locations/L/buckets/B`. */
function gcloudCommand(location: string, job: string): string {
  const [, project, , where, , bucket] = location.split("/");
  return (
    `gcloud logging read 'jsonPayload.job="${job}"' --project ${project} --location ${where} --bucket ${bucket} ` +
    "--view _AllLogs --freshness 1d"
  );
}
