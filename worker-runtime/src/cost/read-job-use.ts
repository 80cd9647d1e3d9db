import { UserError } from "../errors.ts";
import { canonicalJson } from "../hash.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { readRepeats } from "../protocol/budget.ts";
import { readDatasetManifest, readJob, readRounds } from "../protocol/run-record.ts";
import { datasetSize } from "./forecast.ts";
import type { JobUse } from "./job-cost.ts";

/** Reads what a job has used. Throws UserError when there is no such job. */
export async function readJobUse(store: ObjectStore, job: string): Promise<JobUse> {
  const stored = await readJob(store, job);
  if (!stored) throw new UserError(`There is no job ${job} in this store.`);
  const { plan } = stored;
  const [rounds, repeats, manifest] = await Promise.all([
    readRounds(store, job),
    readRepeats(store, job),
    readDatasetManifest(store, plan.datasetHash),
  ]);
  return { plan, rounds, repeats, dataset: datasetSize(manifest, canonicalJson(manifest).length) };
}
