import { join } from "node:path";
import type { Prices } from "../../cost/prices.ts";
import type { JobDocument } from "../../job/document.ts";
import type { RunEvent, TrainOutcome } from "../../job/events.ts";
import { jobName } from "../../job/make-plan.ts";
import type { Plan } from "../../job/plan.ts";
import { readNewestResult, readResult } from "../../protocol/run-record.ts";
import { readOutcome } from "../read-outcome.ts";
import { setJobBudget } from "../set-job-budget.ts";
import { inWords } from "./chaos.ts";
import { systemClock } from "./clock.ts";
import { LocalObjectStore } from "./object-store.ts";
import { WorkerPool } from "./pool.ts";
import { decidePlan, prepareDataset } from "./prepare.ts";
import type { WorkerProcesses } from "./processes.ts";

export interface TrainOptions {
  readonly document: JobDocument;
  /** The folder of the job file: what its paths are relative to. */
  readonly folder: string;
  /** Where datasets, rounds and results are kept. */
  readonly storeFolder: string;
  /** Worker processes; at most one for each worker of the job is of use. Changes the speed, never the result. */
  readonly processes: number;
  /** Trains a job that is already finished once more, beside the first result. */
  readonly again: boolean;
  /** What a budget is held against. @default the list prices */
  readonly prices?: Prices | undefined;
  /** Lets go wrong what may go wrong, drawn from this seed: processes killed, reads damaged, messages doubled. The result is the same. */
  readonly chaosSeed?: number | undefined;
  /** Stops the run; the same call goes on from there. */
  readonly signal: AbortSignal;
  readonly onEvent: (event: RunEvent) => void;
  /** Told the process ids of the workers when they start, for tests that kill them. */
  readonly onProcesses?: (processes: WorkerProcesses) => void;
}

/**
 * Trains a job on this machine: the protocol of the clouds over a store and a queue in folders, with a process for each
 * function. This process only prepares, watches and reports; it may be killed like any other.
 * Throws UserError when the data or the machine is at fault; a job that fails by itself is an outcome.
 */
export async function trainLocally(options: TrainOptions): Promise<TrainOutcome> {
  const startedAtMs = systemClock.nowMs();
  const { document, storeFolder, onEvent, chaosSeed } = options;
  const store = await LocalObjectStore.open(storeFolder);
  await store.removeLeftovers(startedAtMs);
  const places = Array.from({ length: options.processes }, (_, i) => `process-${i + 1}`);
  // Started first: they load TensorFlow while the data is read.
  const pool = await WorkerPool.start(store, places, onEvent);
  options.onProcesses?.(pool.processes);
  try {
    const signal = AbortSignal.any([options.signal, pool.broken]);
    const dataset = await prepareDataset(store, { ...options, signal });
    const plan = await decidePlan(store, dataset, options);
    await setJobBudget(store, { document, plan, manifest: dataset.manifest }, { prices: options.prices });
    await pool.train(document, plan, { startedAtMs, signal, onEvent, chaosSeed });
    // Before the state is read, so that no worker closes a further round behind it.
    await pool.stop();
    const outcome = await outcomeOf(store, plan, startedAtMs);
    if (chaosSeed !== undefined)
      onEvent({ type: "notice", text: `Chaos from seed ${chaosSeed}: ${inWords(pool.faults)}.` });
    if (options.again) await compareWithFirst(store, document, plan, outcome, onEvent);
    onEvent({ type: "finished", ...outcome });
    return outcome;
  } catch (error) {
    if (error !== options.signal.reason) throw error;
    // Stopped while the data was read: there is no plan yet, nor a name that it gives the job.
    const seconds = (systemClock.nowMs() - startedAtMs) / 1000;
    const reason = "the run was stopped";
    const outcome = { state: "interrupted", job: document.name, reason, nextRound: 0, seconds } as const;
    onEvent({ type: "finished", ...outcome });
    return outcome;
  } finally {
    await pool.stop();
  }
}

/** A second training of the same job must come to the same bits; whether it did is worth a sentence. */
async function compareWithFirst(
  store: LocalObjectStore,
  document: JobDocument,
  plan: Plan,
  { weightsHash }: TrainOutcome,
  onEvent: TrainOptions["onEvent"],
): Promise<void> {
  const first = await readResult(store, jobName(document, plan.datasetHash));
  if (!first || !weightsHash || first.job === plan.job) return;
  const same = first.weightsHash === weightsHash ? "the same bits as" : "OTHER bits than";
  onEvent({ type: "notice", text: `The weights have ${same} those of ${first.job}.` });
}

/** How the job stands, and where its result is. */
async function outcomeOf(store: LocalObjectStore, { job }: Plan, startedAtMs: number): Promise<TrainOutcome> {
  const outcome = await readOutcome(store, job);
  const newest = outcome.weightsHash ? await readNewestResult(store, job) : undefined;
  const resultFolder = newest && join(store.folder, newest.keyOf(""));
  const seconds = (systemClock.nowMs() - startedAtMs) / 1000;
  return { ...outcome, ...(resultFolder && { resultFolder }), seconds };
}
