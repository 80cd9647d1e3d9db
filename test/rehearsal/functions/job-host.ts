import { setTimeout } from "node:timers/promises";
import type { WorkerProcess } from "../../entrypoints/worker-process.ts";
import { type DeployedFunction, type FunctionEvent, type FunctionHost, hurry, type LoggedLine } from "./deployed.ts";
import { FirstError } from "./first-error.ts";
import { MemoryWatch } from "./memory.ts";

/** An event-driven job, as deployed: how often KEDA looks at the queue. */
export interface DeployedJob extends DeployedFunction {
  readonly pollingSeconds: number;
}

/** What a job's platform can do. */
export interface JobPlatform {
  /** Messages that are visible now; KEDA looks at 32 at the most. */
  countVisible(): Promise<number>;
  /** Starts one execution, which takes messages out of the queue itself and ends by itself. */
  start(execution: string): WorkerProcess;
}

/**
 * Container Apps' event-driven jobs: KEDA looks at the queue, and starts an execution for each visible message beyond those
 * that run (keda.sh/docs/scalers/azure-storage-queue, .../concepts/scaling-jobs). An execution that exceeds its time or
 * memory is ended.
 */
export class JobHost implements FunctionHost {
  readonly log: LoggedLine[] = [];
  started = 0;
  mostAtOnce = 0;
  readonly #job: DeployedJob;
  readonly #platform: JobPlatform;
  readonly #onEvent: (event: FunctionEvent) => void;
  readonly #running = new Map<WorkerProcess, Promise<void>>();
  readonly #memory = new MemoryWatch();
  readonly #error = new FirstError();
  readonly #ending = new AbortController();
  readonly #loop: Promise<void>;

  constructor(job: DeployedJob, platform: JobPlatform, onEvent: (event: FunctionEvent) => void = () => {}) {
    this.#job = job;
    this.#platform = platform;
    this.#onEvent = onEvent;
    this.#loop = this.#error.keep(this.#run());
  }

  get running(): number {
    return this.#running.size;
  }

  get peakMib(): number {
    return this.#memory.peakMib;
  }

  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values());
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#loop;
    for (const process of this.#running.keys()) await process.stop();
    await this.idle();
    this.#error.throwIfThere();
  }

  async #run(): Promise<void> {
    const { maxConcurrency, pollingSeconds } = this.#job;
    const { signal } = this.#ending;
    while (!signal.aborted) {
      const visible = await this.#platform.countVisible();
      const wanted = Math.min(visible, maxConcurrency) - this.running;
      for (let i = 0; i < wanted; i++) this.#startOne();
      await setTimeout((pollingSeconds * 1000) / hurry, undefined, { signal }).catch(() => {});
    }
  }

  #startOne(): void {
    const name = `${this.#job.name}-${++this.started}`;
    const startedAtMs = Date.now();
    const process = this.#platform.start(name);
    process.onLine((line) => this.log.push({ startedAtMs, line }));
    this.#running.set(process, this.#watch(process, name));
    this.mostAtOnce = Math.max(this.mostAtOnce, this.running);
    this.#onEvent({ type: "started", name, running: this.running });
  }

  /** Resolves when the execution has ended. */
  async #watch(process: WorkerProcess, name: string): Promise<void> {
    const { timeoutSeconds, memoryMib } = this.#job;
    let reason: string | undefined;
    const kill = (because: string) => {
      reason = because;
      void process.stop();
    };
    const unwatch = this.#memory.watch(process.pid, memoryMib, (residentMib) =>
      kill(`it has ${Math.round(residentMib)} of ${memoryMib} MiB`),
    );
    const ended = new AbortController();
    setTimeout(timeoutSeconds * 1000, undefined, { signal: ended.signal }).then(
      () => kill(`its ${timeoutSeconds} s are over`),
      () => {},
    );
    const how = await process.ended;
    ended.abort();
    await process.stop(); // What it started ends with it, and its guard.
    unwatch();
    this.#running.delete(process);
    if (how !== 0 && !this.#ending.signal.aborted) reason ??= `it ended with ${how}`;
    const common = { name, running: this.running };
    this.#onEvent(reason ? { type: "killed", ...common, reason } : { type: "stopped", ...common });
  }
}
