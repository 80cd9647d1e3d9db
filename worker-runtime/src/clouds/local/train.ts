import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { datasetSize } from "../../cost/forecast.ts";
import { makeBudget } from "../../cost/make-budget.ts";
import type { Prices } from "../../cost/prices.ts";
import { UserError } from "../../errors.ts";
import { canonicalJson } from "../../hash.ts";
import type { JobDocument } from "../../job/document.ts";
import type { RunEvent, TrainOutcome } from "../../job/events.ts";
import { jobName } from "../../job/make-plan.ts";
import type { Plan } from "../../job/plan.ts";
import { setBudget } from "../../protocol/budget.ts";
import { isOver, readNewestResult, readResult } from "../../protocol/run-record.ts";
import { submit } from "../../protocol/submit.ts";
import { readOutcome, tellOfEarlier } from "../read-outcome.ts";
import { systemClock } from "./clock.ts";
import type { WorkerNews } from "./entrypoint.ts";
import { explained } from "./explained.ts";
import { LocalObjectStore } from "./object-store.ts";
import { decidePlan, prepareDataset } from "./prepare.ts";
import { WorkerProcesses } from "./processes.ts";
import { RoundWatcher } from "./round-watcher.ts";
import { LocalTaskQueue } from "./task-queue.ts";

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
  /** Stops the run; the same call goes on from there. */
  readonly signal: AbortSignal;
  readonly onEvent: (event: RunEvent) => void;
  /** Told the process ids of the workers when they start, for tests that kill them. */
  readonly onProcesses?: (processes: WorkerProcesses) => void;
}

/** How often the coordinator looks whether a round is complete. */
const pollMs = 50;

/**
 * Trains a job on this machine: the protocol of the clouds over a store and a queue in folders, with a process for each
 * function. This process only prepares, watches and reports; it may be killed like any other.
 * Throws UserError when the data or the machine is at fault; a job that fails by itself is an outcome.
 */
export async function trainLocally(options: TrainOptions): Promise<TrainOutcome> {
  const startedAtMs = systemClock.nowMs();
  const { document, storeFolder, onEvent } = options;
  const store = await LocalObjectStore.open(storeFolder);
  await store.removeLeftovers(startedAtMs);
  const logFolder = join(storeFolder, "logs");
  await explained(storeFolder, () => mkdir(logFolder, { recursive: true }));

  const broken = new AbortController();
  const signal = AbortSignal.any([options.signal, broken.signal]);
  let queue: LocalTaskQueue | undefined;
  let queueFolder: string | undefined;
  const places = Array.from({ length: options.processes }, (_, i) => `process-${i + 1}`);
  // Started first: they load TensorFlow while the data is read.
  const processes = new WorkerProcesses(places, logFolder, {
    onNews: (_, news) => onNews(news, onEvent, (error) => broken.abort(error)),
    onExit: async (place, exitCode, signal, restarts) => {
      onEvent({ type: "worker-exit", place, exitCode, signal, restarts });
      await queue?.releaseAllOf(place);
    },
    onGiveUp: (error) => broken.abort(error),
  });
  options.onProcesses?.(processes);
  try {
    const dataset = await prepareDataset(store, { ...options, signal });
    const plan = await decidePlan(store, dataset, options);
    if (document.budget) {
      const size = datasetSize(dataset.manifest, canonicalJson(dataset.manifest).length);
      await setBudget(store, plan.job, makeBudget(document.budget.dollars, plan, size, { prices: options.prices }));
    }
    queueFolder = await explained(storeFolder, () => freshQueueFolder(storeFolder, plan.job));
    queue = await LocalTaskQueue.open(queueFolder, "coordinator", systemClock);
    const earlier = await outcomeOf(store, plan, startedAtMs);
    const first = await submit(store, queue, systemClock.nowMs(), document, plan);
    tellOfEarlier(earlier, first, onEvent);
    processes.begin({ storeFolder, queueFolder });
    const watcher = new RoundWatcher(store, plan, systemClock, first, startedAtMs, onEvent);
    if (!(await untilOver(store, plan, watcher, signal))) broken.signal.throwIfAborted();
    // Before the state is read, so that no worker closes a further round behind it.
    await processes.stop();
    const outcome = await outcomeOf(store, plan, startedAtMs);
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
    queue?.close();
    await processes.stop();
    if (queueFolder) await rm(queueFolder, { recursive: true, force: true });
  }
}

function onNews(news: WorkerNews, onEvent: TrainOptions["onEvent"], giveUp: (error: UserError) => void): void {
  if (news.type === "notice") onEvent(news);
  if (news.type !== "retry") return;
  if (news.exitCode === 3) giveUp(new UserError(news.reason, 3));
  else onEvent({ type: "notice", text: `A task failed and is tried again: ${news.reason}` });
}

/**
 * A queue of this run's own: messages of an earlier run are of no use, since `submit` looks at the store and sends what is
 * missing. Removes the queues of runs that were killed.
 */
async function freshQueueFolder(storeFolder: string, job: string): Promise<string> {
  const folder = join(storeFolder, "queues", job);
  const own = join(folder, `${process.pid}-${systemClock.nowMs()}`);
  await mkdir(own, { recursive: true });
  for (const name of await readdir(folder))
    if (!isRunning(Number.parseInt(name, 10))) await rm(join(folder, name), { recursive: true, force: true });
  return own;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Reports rounds as they are closed until there is a result or a failure: true; false when it is told to stop. */
async function untilOver(
  store: LocalObjectStore,
  plan: Plan,
  watcher: RoundWatcher,
  signal: AbortSignal,
): Promise<boolean> {
  while (!signal.aborted) {
    await watcher.look();
    if (await isOver(store, plan.job)) {
      await watcher.look();
      return true;
    }
    await systemClock.sleep(pollMs);
  }
  return false;
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
