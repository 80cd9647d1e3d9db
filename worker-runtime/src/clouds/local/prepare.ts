import { type CreatedDataset, createDataset } from "../../data/create-dataset.ts";
import { fingerprint } from "../../data/fingerprint.ts";
import { datasetKeys } from "../../data/keys.ts";
import { openDataset } from "../../data/open-dataset.ts";
import type { DatasetManifest } from "../../data/types.ts";
import { canonicalJson } from "../../hash.ts";
import type { JobDocument } from "../../job/document.ts";
import type { PlanEvent, RunEvent } from "../../job/events.ts";
import { makePlan } from "../../job/make-plan.ts";
import type { Plan } from "../../job/plan.ts";
import { openEncoder, openModel } from "../../models/index.ts";
import type { ObjectStore } from "../../ports/object-store.ts";
import { DamagedObject } from "../../protocol/damaged.ts";
import type { Learner } from "../../protocol/learner.ts";
import { isOver, readJob } from "../../protocol/run-record.ts";
import { portableProducts } from "../../training/portable/inspect.ts";
import { everySecond } from "../every-second.ts";
import { systemClock } from "./clock.ts";

export interface DatasetOptions {
  readonly document: JobDocument;
  readonly folder: string;
  /** Ends the reading of the data, by throwing its reason; what is stored by then is used the next time. */
  readonly signal: AbortSignal;
  readonly onEvent: (event: RunEvent) => void;
}

export interface PlanOptions {
  readonly document: JobDocument;
  /** Worker processes; undefined where a cloud starts as many functions as it may. */
  readonly processes?: number;
  readonly again: boolean;
  readonly onEvent: (event: RunEvent) => void;
}

/** Reads and stores the data, where that has not been done before, and decides what is going to be trained. */
export async function prepare(store: ObjectStore, options: DatasetOptions & PlanOptions): Promise<Plan> {
  return decidePlan(store, await prepareDataset(store, options), options);
}

/** Reads and stores the data, where that has not been done before. */
export async function prepareDataset(store: ObjectStore, options: DatasetOptions): Promise<CreatedDataset> {
  const dataset = await openOrCreateDataset(store, options);
  const { hash, manifest, reused } = dataset;
  options.onEvent({
    type: "dataset",
    hash,
    trainExamples: manifest.train.examples,
    heldOutExamples: manifest.heldOut.examples,
    skippedRows: manifest.skippedRows,
    reused,
  });
  return dataset;
}

/** Decides what is going to be trained; with `again` what `store` has not trained yet. */
export async function decidePlan(store: ObjectStore, dataset: CreatedDataset, options: PlanOptions): Promise<Plan> {
  const { document, processes, again, onEvent } = options;
  const { model, primary } = await openModel(document, dataset.manifest.encoding);
  // Before anything is trained. The models that Trivet brings are known to be fine.
  if (document.model.kind === "custom" && document.numerics === "portable") {
    await portableProducts(await openDataset(store, dataset.hash), model, document);
  }
  let run = 1;
  let plan = makePlan(document, dataset, model, run);
  while (again && !(await canGoOn(store, plan))) plan = makePlan(document, dataset, model, ++run);
  onEvent(planEvent(plan, primary, processes));
  return plan;
}

/** What was decided, for whoever watches. */
export function planEvent(
  { job, rounds, workers, localSteps, batchSize, weightCount, numerics }: Plan,
  { metric, better }: Learner["primary"],
  processes?: number,
): PlanEvent {
  return {
    ...{
      type: "plan",
      job,
      rounds,
      workers,
      localSteps,
      batchSize,
      weightCount,
      numerics,
      primaryMetric: metric,
      better,
    },
    ...(processes !== undefined && { processes }),
  };
}

/** Whether a job has not ended, and what is stored of it, if anything, is by this version. */
async function canGoOn(store: ObjectStore, plan: Plan): Promise<boolean> {
  if (await isOver(store, plan.job)) return false;
  try {
    const stored = await readJob(store, plan.job);
    return !stored || canonicalJson(stored.plan) === canonicalJson(plan);
  } catch (error) {
    if (error instanceof DamagedObject) return false;
    throw error;
  }
}

/** Which dataset came from files like these the last time, so that reading them again is not needed. */
async function openOrCreateDataset(store: ObjectStore, options: DatasetOptions): Promise<CreatedDataset> {
  const { document, folder, signal, onEvent } = options;
  const cacheKey = `cache/datasets/${await fingerprint(document, folder)}`;
  const cached = await store.get(cacheKey);
  if (cached) {
    const hash = Buffer.from(cached).toString();
    const stored = await store.get(datasetKeys.manifest(hash));
    if (stored) return { hash, manifest: JSON.parse(Buffer.from(stored).toString()) as DatasetManifest, reused: true };
  }
  const encoder = await openEncoder(document, folder);
  const tell = everySecond(systemClock, onEvent);
  const dataset = await createDataset({
    ...{ data: document.data, folder, encoder, seed: document.seed, store },
    onProgress: (progress) => {
      signal.throwIfAborted();
      tell({ type: "progress", ...progress });
    },
    onBadRow: (text) => onEvent({ type: "notice", text }),
  });
  await store.putIfAbsent(cacheKey, Buffer.from(dataset.hash));
  return dataset;
}
