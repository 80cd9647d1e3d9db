import { UserError } from "../errors.ts";
import { fieldsThatDiffer } from "../job/differences.ts";
import type { JobSide } from "../protocol/diff.ts";
import { readJob, readNewestResult, readRounds } from "../protocol/run-record.ts";
import type { ComparedJob, Comparison } from "../result/comparison.ts";
import { spanOf } from "../result/report/timeline.ts";
import { readStatus } from "./stack/job-status.ts";

/** Reads jobs side by side. Throws `UserError` for one that does not exist. */
export async function compareJobs(sides: readonly JobSide[]): Promise<Comparison> {
  const read = await Promise.all(sides.map(readSide));
  return {
    jobs: read.map(({ compared }) => compared),
    fields: fieldsThatDiffer(read.map(({ document }) => document)),
  };
}

async function readSide({ store, job }: JobSide): Promise<{ compared: ComparedJob; document: object }> {
  const [stored, status, rounds, newest] = await Promise.all([
    readJob(store, job),
    readStatus(store, job),
    readRounds(store, job),
    readNewestResult(store, job),
  ]);
  if (!stored || !status) throw new UserError(`There is no job ${job} in its store.`);
  const { $schema: _, name: __, ...document } = stored.document;
  const traces = rounds.flatMap((round) => round.traces);
  const span = spanOf(traces);
  const compared = {
    ...{ job, rounds, state: status.state, closedRounds: status.closedRounds, plannedRounds: status.rounds },
    ...{ resultRound: newest?.result.round, metrics: status.measured?.metrics ?? {}, trainLoss: status.trainLoss },
    clockMs: traces.length === 0 ? 0 : span.toMs - span.fromMs,
    weightsHash: status.weightsHash,
  };
  return { compared, document };
}
