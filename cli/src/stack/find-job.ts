import { listJobs } from "@trivet/worker-runtime/clouds/stack/job-status";
import type { Stack } from "@trivet/worker-runtime/clouds/stack/open-stack";
import { findNewestJob } from "@trivet/worker-runtime/protocol/find-job";
import { noSuchJob } from "../find-result.ts";

/**
 * Finds what a person means by a job of a stack: its whole name, or the name in its job file, which stands for the one that
 * was submitted last. Throws `UserError` that lists what there is.
 */
export async function findStackJob({ store, outputs }: Stack, written: string): Promise<string> {
  if (/^[a-z][a-z0-9-]{0,99}$/.test(written)) {
    const found = await findNewestJob(store, written);
    if (found !== undefined) return found;
  }
  const jobs = await listJobs(store);
  throw noSuchJob(
    written,
    outputs.storeUrl,
    jobs.map(({ job }) => job),
  );
}
