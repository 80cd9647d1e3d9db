import type { ObjectStore } from "../ports/object-store.ts";
import { keyPrefixes, keys } from "./keys.ts";

/** The name in the job file: without the hash and the number of the run (job/make-plan.ts puts them there). */
export function shortName(job: string): string {
  return job.replace(/-[0-9a-f]{8}(-\d+)?$/, "");
}

/** The name of another run of the same document on the same data; the first has no number. */
export function nameOfRun(job: string, run: number): string {
  const first = job.replace(/(-[0-9a-f]{8})-\d+$/, "$1");
  return run === 1 ? first : `${first}-${run}`;
}

/**
 * The job that `written` means: a job's whole name, or the name in a job file, which stands for the job of that name that was
 * submitted last. Undefined where there is none.
 */
export async function findNewestJob(store: ObjectStore, written: string): Promise<string | undefined> {
  if (await store.head(keys.plan(written))) return written;
  return (await listNewestFirst(store, written, keys.plan))[0];
}

/** The jobs with that name in their job files, or all, that have a certain object; by when it was stored, the newest first. */
export async function listNewestFirst(
  store: ObjectStore,
  name: string | undefined,
  keyOf: (job: string) => string,
): Promise<string[]> {
  const found = await store.list(name === undefined ? keyPrefixes.jobs : `${keyPrefixes.jobs}${name}-`);
  return found
    .map((info) => ({ ...info, job: info.key.split("/")[1]! }))
    .filter(({ key, job }) => key === keyOf(job) && (name === undefined || shortName(job) === name))
    .sort((a, b) => b.createdAtMs - a.createdAtMs)
    .map(({ job }) => job);
}
