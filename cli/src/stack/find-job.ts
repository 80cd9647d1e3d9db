import { listJobs } from "@trivet/worker-runtime/clouds/stack/job-status";
import type { Stack } from "@trivet/worker-runtime/clouds/stack/open-stack";
import { keyPrefixes, keys } from "@trivet/worker-runtime/protocol/keys";
import { noSuchJob, shortName } from "../find-result.ts";

/**
 * Finds what a person means by a job of a stack: its whole name, or the name in its job file, which stands for the one that
 * was submitted last. Throws `UserError` that lists what there is.
 */
export async function findStackJob({ store, outputs }: Stack, written: string): Promise<string> {
  if (/^[a-z][a-z0-9-]{0,99}$/.test(written)) {
    if (await store.head(keys.plan(written))) return written;
    const found = await store.list(`${keyPrefixes.jobs}${written}-`);
    const plans = found.map((info) => ({ ...info, job: info.key.split("/")[1]! }));
    const named = plans.filter(({ key, job }) => key === keys.plan(job) && shortName(job) === written);
    const newest = named.toSorted((a, b) => b.createdAtMs - a.createdAtMs)[0];
    if (newest) return newest.job;
  }
  const jobs = await listJobs(store);
  throw noSuchJob(
    written,
    outputs.storeUrl,
    jobs.map(({ job }) => job),
  );
}
