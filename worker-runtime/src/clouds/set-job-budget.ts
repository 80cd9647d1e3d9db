import { datasetSize } from "../cost/forecast.ts";
import { makeBudget } from "../cost/make-budget.ts";
import type { Cloud, Prices } from "../cost/prices.ts";
import type { DatasetManifest } from "../data/types.ts";
import { canonicalJson } from "../hash.ts";
import type { JobDocument } from "../job/document.ts";
import type { Plan } from "../job/plan.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { setBudget } from "../protocol/budget.ts";

/** Stores the cap that a job's document names, if it names one. `cloud`: undefined on this machine. */
export async function setJobBudget(
  store: ObjectStore,
  { document, plan, manifest }: { document: JobDocument; plan: Plan; manifest: DatasetManifest },
  { prices, cloud }: { prices?: Prices | undefined; cloud?: Cloud } = {},
): Promise<void> {
  if (!document.budget) return;
  const size = datasetSize(manifest, canonicalJson(manifest).length);
  const where = { prices, ...(cloud && { cloud }) };
  await setBudget(store, plan.job, makeBudget(document.budget.dollars, plan, size, where));
}
