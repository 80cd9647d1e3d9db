import type { JobDescription } from "@trivet/worker-runtime/clouds/describe-jobs";
import type { Command } from "commander";
import { type JobPlace, openPlace, type PlaceFlags } from "../job-place.ts";
import { addStackOptions, jsonOption, storeOption } from "../options.ts";
import { print } from "../output.ts";
import { ago, bytes, measure } from "../progress/format.ts";
import { table } from "../table.ts";

interface ListFlags extends PlaceFlags {
  readonly json?: boolean;
}

const help = `Examples:
  $ trivet list                      the jobs of this folder's store
  $ trivet list --json | jq .jobs    the same for programs
  $ trivet list --stack dev          the jobs of a deployed stack
`;

export function addList(program: Command): void {
  const command = program
    .command("list")
    .summary("list the jobs there are")
    .description(
      "Lists jobs, the newest first: state, rounds, the leading held-out metric, the hash of the weights, when they were " +
        "started, and what they take in the store without their datasets. One that nobody trains here just now is interrupted: `trivet " +
        "train` goes on with it.",
    )
    .addHelpText("before", help)
    .addOption(storeOption());
  addStackOptions(command).addOption(jsonOption("print one JSON object")).action(list);
}

async function list(flags: ListFlags): Promise<void> {
  const place = await openPlace(flags);
  const { describeJobs } = await import("@trivet/worker-runtime/clouds/describe-jobs");
  const jobs = await markInterrupted(await describeJobs(place.store), place);
  if (flags.json) return print(JSON.stringify({ store: place.name, jobs }));
  if (jobs.length === 0) return print(`There are no jobs in ${place.name}.`);
  const nowMs = Date.now();
  const rows = jobs.map((job) => row(job, nowMs));
  for (const line of table([["job", "state", "rounds", "metric", "weights", "started", "size"], ...rows], [2, 6]))
    print(line);
}

/** In a cloud a job goes on by itself; here only while somebody trains it. */
async function markInterrupted(jobs: readonly JobDescription[], { folder }: JobPlace) {
  if (folder === undefined) return jobs;
  const { isBeingTrained } = await import("@trivet/worker-runtime/clouds/local/pool");
  const isIdle = ({ job, state }: JobDescription) =>
    (state === "running" || state === "waiting") && !isBeingTrained(folder, job);
  return jobs.map((job) => (isIdle(job) ? { ...job, state: "interrupted" as const } : job));
}

type ListedJob = Omit<JobDescription, "state"> & { readonly state: string };

function row({ job, state, metric, weightsHash, submittedAtMs, sizeBytes, ...rest }: ListedJob, nowMs: number) {
  // Rounds 0 to `rounds` - 1 train; the last one only measures.
  const rounds = rest.rounds === undefined ? "?" : `${Math.min(rest.closedRounds, rest.rounds)}/${rest.rounds}`;
  return [
    ...[job, rest.problem === undefined ? state : "damaged", rounds],
    metric ? `${metric.name} ${measure(metric.value)}` : "-",
    weightsHash?.slice(0, 12) ?? "-",
    ...[ago(submittedAtMs, nowMs), bytes(sizeBytes)],
  ];
}
