import type { JobStatus, JobSummary } from "@trivet/worker-runtime/clouds/stack/job-status";
import type { StackOutputs } from "@trivet/worker-runtime/clouds/stack/outputs";
import type { StackFlags } from "../options.ts";
import { heldOut } from "../outcome.ts";
import { styled } from "../output.ts";
import { ago, counted, measure } from "../progress/format.ts";
import { table } from "../table.ts";
import { commandFor } from "./open.ts";

/** Jobs that are shown; --json has them all. */
const shownJobs = 40;
/** Longer than a worker may take for its part of a round. */
const silenceMs = 15 * 60_000;

const going = new Set<JobSummary["state"]>(["waiting", "running", "stopping", "cancelling"]);

/** A table of jobs, the newest first. */
export function showJobs(jobs: readonly JobSummary[], { storeUrl }: StackOutputs, nowMs: number): string {
  if (jobs.length === 0) return `There are no jobs in ${storeUrl}. \`trivet submit\` starts one.`;
  const rows = jobs
    .slice(0, shownJobs)
    .map(({ job, state, closedRounds, submittedAtMs, lastStoredAtMs }) => [
      ...[job, state, String(closedRounds), ago(submittedAtMs, nowMs), ago(lastStoredAtMs, nowMs)],
    ]);
  const lines = [["job", "state", "rounds closed", "submitted", "last stored"], ...rows];
  const left = jobs.length - rows.length;
  return [...table(lines), ...(left > 0 ? [`... and ${counted(left, "older job")}; --json tells them all`] : [])].join(
    "\n",
  );
}

/** How one job stands, and what one may want to do about it. `deadLetters`: their number, or why it is not known. */
export function showStatus(
  status: JobStatus,
  deadLetters: number | string | undefined,
  outputs: StackOutputs,
  flags: StackFlags,
  nowMs: number,
): string {
  const { job, state, reason, closedRounds, rounds, workers, workersDone, measured } = status;
  const isGoing = going.has(state);
  // Rounds 0 to `rounds` - 1 train; the last one only measures.
  const complete = `${Math.min(closedRounds, rounds)} of ${counted(rounds, "round")} complete`;
  const underWay = `${workersDone} of ${counted(workers, "worker")} done with the next`;
  const silent = isGoing && nowMs - status.lastStoredAtMs > silenceMs;
  return [
    `${styled("bold", job)}  ${state}${reason === undefined ? "" : `: ${reason}`}`,
    `  rounds    ${complete}${isGoing ? `, ${underWay}` : ""}`,
    ...(status.trainLoss === undefined ? [] : [`  loss      ${measure(status.trainLoss)} in training`]),
    ...(measured ? heldOut(measured.metrics).map((line) => `${line} (round ${measured.round})`) : []),
    ...(status.weightsHash === undefined ? [] : [`  weights   sha256 ${status.weightsHash}`]),
    `  times     submitted ${ago(status.submittedAtMs, nowMs)}, last sign of life ${ago(status.lastStoredAtMs, nowMs)}`,
    ...showDeadLetters(deadLetters, outputs),
    ...(status.divergences > 0
      ? [
          `  audit     ${counted(status.divergences, "task")} came to other bits when repeated; \`trivet inspect\` names them`,
        ]
      : []),
    ...(outputs.dashboardUrl === undefined || !isGoing ? [] : [`  more      ${outputs.dashboardUrl}`]),
    ...(silent
      ? [
          "",
          "Nothing has been stored for a while. Submitting the same job again sends what is missing; the workers' errors are " +
            "in the stack's logs.",
        ]
      : []),
    ...nextStep(status, flags),
  ].join("\n");
}

function showDeadLetters(deadLetters: number | string | undefined, { deadLetterQueueUrl }: StackOutputs): string[] {
  if (deadLetters === undefined || deadLetters === 0) return [];
  if (typeof deadLetters === "string") return [`  given up  could not be counted: ${deadLetters}`];
  return [`  given up  ${styled("red", `${counted(deadLetters, "task")} of this stack`)}, in ${deadLetterQueueUrl}`];
}

function nextStep({ job, state }: JobStatus, flags: StackFlags): string[] {
  if (state === "failed") return [];
  return ["", `Next:\n  ${commandFor(flags, going.has(state) ? "watch" : "fetch", job)}`];
}
