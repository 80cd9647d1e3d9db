import { concurrently } from "../data/concurrently.ts";
import { UserError } from "../errors.ts";
import { primaryOf } from "../models/index.ts";
import type { ObjectInfo, ObjectStore } from "../ports/object-store.ts";
import { keyPrefixes } from "../protocol/keys.ts";
import { readJob } from "../protocol/run-record.ts";
import { type JobSummary, listJobs, readStatus } from "./stack/job-status.ts";

/** Jobs that are asked about at once. */
const parallelJobs = 8;

/** A job of a list. */
export interface JobDescription extends JobSummary {
  /** Everything that the store holds of the job: document, rounds, result; its dataset is not counted. */
  readonly sizeBytes: number;
  /** Rounds that train; left out, as all that follows, where the job's document or plan is damaged. */
  readonly rounds?: number;
  /** The leading held-out metric of the result, or the newest measurement; left out where nothing was measured. */
  readonly metric?: { readonly name: string; readonly value: number };
  /** SHA-256 of the final weights. */
  readonly weightsHash?: string;
  /** What is wrong with it, a sentence. */
  readonly problem?: string;
}

/** All jobs of a store, the newest first. */
export async function describeJobs(store: ObjectStore): Promise<JobDescription[]> {
  const [jobs, files, rounds] = await Promise.all([
    listJobs(store),
    store.list(keyPrefixes.jobs),
    store.list(keyPrefixes.rounds),
  ]);
  const sizes = sizesByJob([...files, ...rounds]);
  return concurrently(jobs, parallelJobs, async (summary) => {
    const sized = { ...summary, sizeBytes: sizes.get(summary.job) ?? 0 };
    try {
      return { ...sized, ...(await detailsOf(store, summary.job)) };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return { ...sized, problem: error.message };
    }
  });
}

async function detailsOf(store: ObjectStore, job: string) {
  const [status, stored] = await Promise.all([readStatus(store, job), readJob(store, job)]);
  if (!status || !stored) return {};
  const name = (await primaryOf(stored.document.model)).metric;
  const value = status.measured?.metrics[name];
  return {
    state: status.state,
    rounds: status.rounds,
    ...(value !== undefined && { metric: { name, value } }),
    ...(status.weightsHash && { weightsHash: status.weightsHash }),
  };
}

/** The second step of a key is the job's name, under `jobs/` and `rounds/` alike. */
function sizesByJob(objects: readonly ObjectInfo[]): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const { key, sizeBytes } of objects) {
    const job = key.split("/")[1]!;
    sizes.set(job, (sizes.get(job) ?? 0) + sizeBytes);
  }
  return sizes;
}
