import { datasetSize } from "../../cost/forecast.ts";
import { makeBudget } from "../../cost/make-budget.ts";
import type { Prices } from "../../cost/prices.ts";
import { canonicalJson } from "../../hash.ts";
import type { JobDocument } from "../../job/document.ts";
import type { RunEvent } from "../../job/events.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ObjectStore } from "../../ports/object-store.ts";
import { setBudget } from "../../protocol/budget.ts";
import { keys } from "../../protocol/keys.ts";
import { submit } from "../../protocol/submit.ts";
import { decidePlan, prepareDataset } from "../local/prepare.ts";
import { type Outcome, readOutcome, tellOfEarlier } from "../read-outcome.ts";
import type { Stack } from "./open-stack.ts";
import { uploadDataset } from "./upload-dataset.ts";

export interface SubmitOptions {
  readonly document: JobDocument;
  /** The folder of the job file: what its paths are relative to. */
  readonly folder: string;
  /** The store on this machine where data is prepared; data that was prepared there before is not read again. */
  readonly local: ObjectStore;
  readonly clock: Clock;
  /** Trains a job that has ended already once more, beside the first result. */
  readonly again: boolean;
  /** What a budget is held against. @default the list prices */
  readonly prices?: Prices | undefined;
  /** Ends the preparation, by throwing its reason. */
  readonly signal: AbortSignal;
  readonly onEvent: (event: RunEvent) => void;
}

/**
 * Prepares a job's data, uploads what the stack has not got, and starts the job there. Submitting the same job again is
 * harmless: it uploads nothing, and a job that waits for a lost message goes on. Gives the job as it stood before.
 */
export async function submitJob({ store, queue, outputs }: Stack, options: SubmitOptions): Promise<Outcome> {
  const { document, local, clock, signal, onEvent } = options;
  // Asked first: nobody should read data for an hour to learn that there is no such bucket.
  await store.list(keys.decisions(document.name));
  const dataset = await prepareDataset(local, options);
  await uploadDataset(local, store, dataset, options);
  const plan = await decidePlan(store, dataset, options);
  if (document.budget) {
    const size = datasetSize(dataset.manifest, canonicalJson(dataset.manifest).length);
    const { prices } = options;
    await setBudget(store, plan.job, makeBudget(document.budget.dollars, plan, size, { prices, cloud: outputs.cloud }));
  }
  const earlier = await readOutcome(store, plan.job);
  signal.throwIfAborted();
  const first = await submit(store, queue, clock.nowMs(), document, plan);
  tellOfEarlier(earlier, first, onEvent);
  return earlier;
}
