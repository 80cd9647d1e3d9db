import { setTimeout } from "node:timers/promises";
import type { WorkerProcess } from "../../entrypoints/worker-process.ts";
import type { DeployedFunction, FunctionEvent, FunctionHost, LoggedLine } from "./deployed.ts";
import { FirstError } from "./first-error.ts";
import { MemoryWatch } from "./memory.ts";

/** A message that the platform took out of the queue, in the form in which it hands it to the function. */
export interface PushedMessage {
  readonly payload: string;
  /** Takes it out of the queue for good. */
  done(): Promise<void>;
  /** It comes again, when the platform says. */
  failed(): Promise<void>;
}

/** One running instance: its process, and how it is called. */
export interface FunctionInstance {
  readonly process: WorkerProcess;
  /** Whether the message is done with. */
  invoke(payload: string): Promise<boolean>;
}

/** What differs between Lambda and Cloud Run. */
export interface PushPlatform {
  /** A message that may be worked on now, hidden from everybody else for as long as was deployed. */
  receive(): Promise<PushedMessage | undefined>;
  start(isWarm: boolean): Promise<FunctionInstance>;
}

interface Running extends FunctionInstance {
  readonly name: string;
  unwatch(): void;
  isBusy: boolean;
  idleSinceMs: number;
  isGone: boolean;
}

const pollMs = 50;
/** Seconds that an instance waits for another message. The clouds keep one for 5 to 15 minutes. */
const defaultIdleSeconds = 3;

/**
 * Lambda behind its event source mapping, or Cloud Run behind a push subscription: takes messages as long as an instance is
 * free or may be started, and ends an instance that exceeds its time or its memory, or has had nothing to do.
 */
export class PushHost implements FunctionHost {
  readonly log: LoggedLine[] = [];
  started = 0;
  mostAtOnce = 0;
  readonly #function: DeployedFunction;
  readonly #platform: PushPlatform;
  readonly #onEvent: (event: FunctionEvent) => void;
  readonly #idleSeconds: number;
  readonly #memory = new MemoryWatch();
  readonly #error = new FirstError();
  readonly #instances = new Set<Running>();
  readonly #work = new Set<Promise<void>>();
  readonly #loop: Promise<void>;
  #isEnding = false;

  constructor(
    deployed: DeployedFunction,
    platform: PushPlatform,
    onEvent: (event: FunctionEvent) => void = () => {},
    idleSeconds = defaultIdleSeconds,
  ) {
    this.#function = deployed;
    this.#platform = platform;
    this.#onEvent = onEvent;
    this.#idleSeconds = idleSeconds;
    this.#loop = this.#error.keep(this.#run());
  }

  get running(): number {
    return this.#instances.size;
  }

  get peakMib(): number {
    return this.#memory.peakMib;
  }

  async idle(): Promise<void> {
    while (this.#instances.size > this.#function.warmInstances || this.#work.size > 0) {
      this.#error.throwIfThere();
      await setTimeout(pollMs);
    }
  }

  async stop(): Promise<void> {
    this.#isEnding = true;
    await this.#loop;
    for (const instance of this.#instances) await this.#end(instance);
    await Promise.all(this.#work);
    this.#error.throwIfThere();
  }

  async #run(): Promise<void> {
    for (let i = 0; i < this.#function.warmInstances; i++) await this.#startOne(true);
    while (!this.#isEnding && !this.#error.isThere) {
      await this.#retireIdle();
      const isFull = this.#work.size >= this.#function.maxConcurrency;
      const message = isFull ? undefined : await this.#platform.receive();
      if (message) this.#begin(message);
      else await setTimeout(pollMs);
    }
  }

  #begin(message: PushedMessage): void {
    const work: Promise<void> = this.#error.keep(this.#handle(message)).finally(() => this.#work.delete(work));
    this.#work.add(work);
  }

  async #handle(message: PushedMessage): Promise<void> {
    const instance = [...this.#instances].find(({ isBusy, isGone }) => !isBusy && !isGone) ?? (await this.#startOne());
    instance.isBusy = true;
    const isDone = await this.#invoke(instance, message.payload);
    instance.isBusy = false;
    instance.idleSinceMs = performance.now();
    await (isDone ? message.done() : message.failed());
  }

  /** The answer of the function; a function that ends, or is ended at its time limit, has not done it. */
  async #invoke(instance: Running, payload: string): Promise<boolean> {
    const { timeoutSeconds } = this.#function;
    const finished = new AbortController();
    const timeLimit = setTimeout(timeoutSeconds * 1000, undefined, { signal: finished.signal }).then(
      () => this.#end(instance, `its ${timeoutSeconds} s are over`).then(() => false),
      () => false,
    );
    const ended = instance.process.ended.then(() => false);
    const answered = instance.invoke(payload).catch(() => ended);
    try {
      return await Promise.race([answered, ended, timeLimit]);
    } finally {
      finished.abort();
    }
  }

  async #startOne(isWarm = false): Promise<Running> {
    const startedAtMs = Date.now();
    const started = await this.#platform.start(isWarm);
    const name = `${this.#function.name} ${++this.started}`;
    started.process.onLine((line) => this.log.push({ startedAtMs, line }));
    const unwatch = this.#memory.watch(started.process.pid, this.#function.memoryMib, (residentMib) => {
      void this.#end(instance, `it has ${Math.round(residentMib)} of ${this.#function.memoryMib} MiB`);
    });
    const instance: Running = {
      ...started,
      name,
      unwatch,
      isBusy: true,
      idleSinceMs: performance.now(),
      isGone: false,
    };
    if (isWarm) instance.isBusy = false;
    this.#instances.add(instance);
    this.mostAtOnce = Math.max(this.mostAtOnce, this.running);
    void started.process.ended.then(() => this.#end(instance, "it ended by itself"));
    this.#onEvent({ type: "started", name, running: this.running });
    return instance;
  }

  async #retireIdle(): Promise<void> {
    for (const instance of this.#instances) {
      const isOld = performance.now() - instance.idleSinceMs > this.#idleSeconds * 1000;
      if (!instance.isBusy && isOld && this.running > this.#function.warmInstances) await this.#end(instance);
    }
  }

  async #end(instance: Running, killedBecause?: string): Promise<void> {
    this.#forget(instance, killedBecause);
    await instance.process.stop();
  }

  #forget(instance: Running, killedBecause?: string): void {
    instance.unwatch();
    instance.isGone = true;
    if (!this.#instances.delete(instance)) return;
    const common = { name: instance.name, running: this.running };
    this.#onEvent(
      killedBecause ? { type: "killed", ...common, reason: killedBecause } : { type: "stopped", ...common },
    );
  }
}
