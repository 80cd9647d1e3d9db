import { existsSync, readdirSync } from "node:fs";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../../errors.ts";
import type { JobDocument } from "../../job/document.ts";
import type { RunEvent } from "../../job/events.ts";
import type { Plan } from "../../job/plan.ts";
import { isOver } from "../../protocol/run-record.ts";
import { submit } from "../../protocol/submit.ts";
import { readOutcome, tellOfEarlier } from "../read-outcome.ts";
import type { Fault } from "./chaos.ts";
import { systemClock } from "./clock.ts";
import type { WorkerNews } from "./entrypoint.ts";
import { explained } from "./explained.ts";
import type { LocalObjectStore } from "./object-store.ts";
import { WorkerProcesses } from "./processes.ts";
import { RoundWatcher } from "./round-watcher.ts";
import { LocalTaskQueue } from "./task-queue.ts";

/** How often the coordinator looks whether a round is complete. */
const pollMs = 50;

export interface PoolRun {
  /** For the times that events tell. */
  readonly startedAtMs: number;
  /** Stops the run; what is stored stays. */
  readonly signal: AbortSignal;
  readonly onEvent: (event: RunEvent) => void;
  /** Stops the run when this round is complete, though the job is not over. */
  readonly stopAfterRound?: number;
  /** Faults on purpose, drawn from this seed. */
  readonly chaosSeed?: number | undefined;
}

/**
 * Worker processes that train one job after another. Each job has a queue of its own: messages of an earlier run are of no
 * use, since `submit` looks at the store and sends what is missing.
 */
export class WorkerPool {
  readonly processes: WorkerProcesses;
  /** The faults that came on purpose, and how often. */
  readonly faults = new Map<Fault, number>();
  readonly #store: LocalObjectStore;
  readonly #broken = new AbortController();
  readonly #queueFolders: string[] = [];
  #queue: LocalTaskQueue | undefined;

  private constructor(
    store: LocalObjectStore,
    logFolder: string,
    places: readonly string[],
    onEvent: (event: RunEvent) => void,
  ) {
    this.#store = store;
    const giveUp = (error: UserError) => this.#broken.abort(error);
    this.processes = new WorkerProcesses(places, logFolder, {
      onNews: (_, news) => {
        if (news.type === "fault") this.#count(news.fault);
        else onNews(news, onEvent, giveUp);
      },
      onExit: async (place, exitCode, signal, restarts) => {
        if (signal === "SIGKILL") this.#count("kill");
        onEvent({ type: "worker-exit", place, exitCode, signal, restarts });
        await this.#queue?.releaseAllOf(place);
      },
      onGiveUp: giveUp,
    });
  }

  #count(fault: Fault): void {
    this.faults.set(fault, (this.faults.get(fault) ?? 0) + 1);
  }

  /** Starts a process for each place. They load TensorFlow while the data is read. */
  static async start(
    store: LocalObjectStore,
    places: readonly string[],
    onEvent: (event: RunEvent) => void,
  ): Promise<WorkerPool> {
    const logFolder = join(store.folder, "logs");
    await explained(store.folder, () => mkdir(logFolder, { recursive: true }));
    return new WorkerPool(store, logFolder, places, onEvent);
  }

  /** Aborted, with the reason, when the processes cannot go on. */
  get broken(): AbortSignal {
    return this.#broken.signal;
  }

  /** Trains a job until it is over: true; false when it was told to stop. Throws `UserError` when the processes cannot go on. */
  async train(document: JobDocument, plan: Plan, run: PoolRun): Promise<boolean> {
    const { startedAtMs, onEvent, chaosSeed } = run;
    const { queue, queueFolder } = await this.#openQueue(plan.job);
    const earlier = await readOutcome(this.#store, plan.job);
    const first = await submit(this.#store, queue, systemClock.nowMs(), document, plan);
    tellOfEarlier(earlier, first, onEvent);
    if (chaosSeed !== undefined) onEvent({ type: "notice", text: `Chaos from seed ${chaosSeed}.` });
    this.processes.begin({
      storeFolder: this.#store.folder,
      queueFolder,
      ...(chaosSeed !== undefined && { chaosSeed }),
    });
    const watcher = new RoundWatcher(this.#store, plan, systemClock, first, startedAtMs, onEvent);
    if (await this.#untilOver(plan, watcher, run)) return true;
    this.broken.throwIfAborted();
    return false;
  }

  /** Gives the processes nothing more to do; a task under way comes to its end. */
  async rest(): Promise<void> {
    const { queueFolder } = await this.#openQueue("idle");
    this.processes.begin({ storeFolder: this.#store.folder, queueFolder });
  }

  /** Ends the processes and waits until they are gone. */
  async stop(): Promise<void> {
    this.#queue?.close();
    await this.processes.stop();
    for (const folder of this.#queueFolders) await rm(folder, { recursive: true, force: true });
  }

  async #openQueue(name: string): Promise<{ queue: LocalTaskQueue; queueFolder: string }> {
    this.#queue?.close();
    const queueFolder = await explained(this.#store.folder, () => freshQueueFolder(this.#store.folder, name));
    this.#queueFolders.push(queueFolder);
    this.#queue = await LocalTaskQueue.open(queueFolder, "coordinator", systemClock);
    return { queue: this.#queue, queueFolder };
  }

  /** Reports rounds as they are closed until there is a result or a failure: true; false when it is told to stop. */
  async #untilOver({ job }: Plan, watcher: RoundWatcher, { signal, stopAfterRound }: PoolRun): Promise<boolean> {
    while (!signal.aborted && !this.broken.aborted) {
      await watcher.look();
      if (await isOver(this.#store, job)) {
        await watcher.look();
        return true;
      }
      if (stopAfterRound !== undefined && watcher.next > stopAfterRound) return false;
      await systemClock.sleep(pollMs);
    }
    return false;
  }
}

function onNews(news: WorkerNews, onEvent: (event: RunEvent) => void, giveUp: (error: UserError) => void): void {
  if (news.type === "notice") onEvent(news);
  if (news.type !== "retry") return;
  if (news.exitCode === 3) giveUp(new UserError(news.reason, 3));
  else onEvent({ type: "notice", text: `A task failed and is tried again: ${news.reason}` });
}

let queuesOpened = 0;

/** A queue of this run's own. Removes the queues of runs that were killed. */
async function freshQueueFolder(storeFolder: string, name: string): Promise<string> {
  const folder = join(storeFolder, "queues", name);
  const own = join(folder, `${process.pid}-${systemClock.nowMs()}-${queuesOpened++}`);
  await mkdir(own, { recursive: true });
  for (const name of await readdir(folder))
    if (!isRunning(Number.parseInt(name, 10))) await rm(join(folder, name), { recursive: true, force: true });
  return own;
}

/** Whether a process of this machine is training a job of the store just now, or has it in a sweep. */
export function isBeingTrained(storeFolder: string, job: string): boolean {
  const folder = join(storeFolder, "queues", job);
  return existsSync(folder) && readdirSync(folder).some((name) => isRunning(Number.parseInt(name, 10)));
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
