import { randomUUID } from "node:crypto";
import type { Clock } from "../ports/clock.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { type Delivery, maximumMessageBytes, type TaskQueue } from "../ports/task-queue.ts";
import { decodeMessage, type Message } from "../protocol/messages.ts";
import type { Worker, WorkerParts } from "../protocol/worker.ts";
import type { Platform } from "./configuration.ts";
import { functionMemoryMib } from "./function-memory.ts";
import type { Log } from "./log.ts";
import type { StartUp } from "./start-up.ts";
import { nameOf, type TaskResult, taskLine } from "./task-line.ts";

/** What differs between the places where a worker runs; the tests bring their own. */
export interface CloudWorkerParts {
  readonly platform: Platform;
  readonly clock: Clock;
  readonly log: Log;
  /** Opens store and queue with the platform's SDK; called at the first message of ours. */
  openCloud(): Promise<{ readonly store: ObjectStore; readonly queue: TaskQueue }>;
  readonly openLearner: WorkerParts["openLearner"];
  /** Begins to load TensorFlow; called for a task that needs it. */
  loadTensorFlow(): void;
  readonly startUp: StartUp;
}

/** No cold start takes longer. */
const startUpLimitMs = 60_000;

interface Opened {
  readonly store: ObjectStore;
  readonly queue: TaskQueue;
  readonly worker: Worker;
}

/** Times that a message is tried whose workers die each time. One that fails with an error is bounded by the job's plan. */
const maximumAttempts = 5;

/**
 * The worker of a cloud function: works on one message at a time, and writes one line to the log for each. What a task
 * needs is loaded when the first message that needs it is there, all at once: the SDK, the protocol, TensorFlow.
 */
export class CloudWorker {
  readonly #parts: CloudWorkerParts;
  readonly #place: string;
  #opened: Promise<Opened> | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #deadlineMs = Infinity;
  #stopAtMs = Infinity;

  constructor(parts: CloudWorkerParts) {
    this.#parts = parts;
    this.#place = `${parts.platform}-${randomUUID().slice(0, 8)}`;
  }

  /**
   * Works on a message and logs what became of it. Resolves when the message is acknowledged or given back; never
   * rejects. `deadlineMs`: when the platform ends this invocation, in milliseconds since 1970.
   */
  handle(delivery: Delivery, deadlineMs: number): Promise<TaskResult["outcome"]> {
    this.#parts.startUp.reached("accepted");
    const message = readMessage(delivery.body);
    if (typeof message !== "string") this.#beginToLoad(message);
    const handling = this.#last.then(async () => {
      this.#deadlineMs = deadlineMs;
      const startedAtMs = this.#parts.clock.nowMs();
      const result = await this.#handle(message, delivery);
      this.#log(result, delivery, startedAtMs);
      return result.outcome;
    });
    this.#last = handling;
    return handling;
  }

  /** Loads everything ahead of the first message, for an instance that is kept warm. */
  async warmUp(): Promise<void> {
    this.#parts.loadTensorFlow();
    await this.#open();
  }

  /**
   * From now on a task has `graceMs` to come to a boundary where it can pause; the rest of it goes back into the queue.
   * Resolves when no task is under way any more.
   */
  async drain(graceMs: number): Promise<void> {
    this.#stopAtMs = this.#parts.clock.nowMs() + graceMs;
    await this.#last;
  }

  #beginToLoad({ task }: Message): void {
    if (task.kind === "step" || task.kind === "finish") this.#parts.loadTensorFlow();
    this.#open().catch(() => {}); // `#handle` meets the same error, and reports it.
  }

  #open(): Promise<Opened> {
    this.#opened ??= this.#openNow().catch((error) => {
      this.#opened = undefined; // The next message tries again.
      throw error;
    });
    return this.#opened;
  }

  async #openNow(): Promise<Opened> {
    const { clock, openCloud, openLearner, startUp } = this.#parts;
    const [{ store, queue }, { Worker }] = await Promise.all([openCloud(), import("../protocol/worker.ts")]);
    const memoryMib = functionMemoryMib();
    const worker = new Worker({
      ...{ store, queue, clock, openLearner },
      place: this.#place,
      ...(memoryMib !== undefined && { memoryMib }),
      // An instance that has been there for longer was not started for this message, but is kept warm.
      ...(performance.now() < startUpLimitMs && { bornAtMs: performance.timeOrigin }),
      peakMemoryBytes: () => process.resourceUsage().maxRSS * 1024,
      remainingMs: () => Math.min(this.#deadlineMs, this.#stopAtMs) - clock.nowMs(),
    });
    startUp.reached("opened");
    return { store, queue, worker };
  }

  async #handle(message: Message | string, delivery: Delivery): Promise<TaskResult> {
    try {
      if (typeof message === "string") return await this.#handleOther(delivery, message);
      const { store, worker } = await this.#open();
      const { countAttempt, noteDone } = await import("./attempts.ts");
      const attempt = await countAttempt(store, message.job, delivery.body, delivery.attempt);
      if (attempt > maximumAttempts) return await giveUp(store, message, delivery, attempt);
      const secondsLeft = (this.#deadlineMs - this.#parts.clock.nowMs()) / 1000;
      // Without this a task whose function dies comes again all the same, but later.
      const hiding = delivery.hideFor?.(secondsLeft + 5).catch(() => {});
      const handled = await worker.handle({ ...delivery, attempt });
      await hiding;
      // Only a hint: without it a message that comes very often would count as one whose workers die.
      if (attempt > 1 && handled.outcome === "done") await noteDone(store, message.job, delivery.body).catch(() => {});
      return handled;
    } catch (error) {
      // Not the task but what is around it: no credentials, no bucket, no network.
      await delivery.release(Math.min(10 * 2 ** delivery.attempt, 600)).catch(() => {});
      const reason = error instanceof Error ? error.message : String(error);
      return { outcome: "retry", ...(typeof message !== "string" && { message }), reason, error };
    }
  }

  /** What is no task may be a schedule's message, or tell of new data. */
  async #handleOther(delivery: Delivery, problem: string): Promise<TaskResult> {
    const { readTrigger } = await import("./triggers/read-trigger.ts");
    const trigger = readTrigger(delivery);
    if (typeof trigger === "object") {
      const [opened, { handleTrigger }] = await Promise.all([this.#open(), import("./triggers/handle-trigger.ts")]);
      return handleTrigger({ ...opened, clock: this.#parts.clock }, trigger, delivery, maximumAttempts);
    }
    await delivery.acknowledge();
    return { outcome: "poison", reason: trigger ?? problem };
  }

  #log(result: TaskResult, delivery: Delivery, startedAtMs: number): void {
    const { clock, log, platform, startUp } = this.#parts;
    startUp.reached("handled");
    const moments = startUp.take();
    const line = taskLine(result, delivery.body, Math.round(clock.nowMs() - startedAtMs));
    log(line.severity, line.message, {
      ...line.fields,
      deliveries: delivery.attempt,
      ...(result.message && { queueMs: Math.max(0, Math.round(startedAtMs - result.message.sentAtMs)) }),
      ...{ platform, place: this.#place },
      ...(Object.keys(moments).length > 0 && { startUpMs: moments }),
    });
  }
}

/** A message as this version understands it, or what is wrong with it. */
function readMessage(body: string): Message | string {
  const sizeBytes = Buffer.byteLength(body);
  if (sizeBytes > maximumMessageBytes) return `it has ${sizeBytes} bytes; the most is ${maximumMessageBytes}`;
  return decodeMessage(body);
}

/** No try came to an end, and none could say why. The job's state must tell it, or whoever watches would wait for ever. */
async function giveUp(store: ObjectStore, message: Message, delivery: Delivery, attempt: number): Promise<TaskResult> {
  const { decide } = await import("../protocol/decisions.ts");
  const reason =
    `${nameOf(message)} was begun ${attempt - 1} times, and each time the function ended before it was done: it may need ` +
    "more memory than the function has, or one local step may take longer than the function may run. Give the pipeline " +
    "more memory or the job smaller batches.";
  await decide(store, message.job, "failed", { reason });
  await delivery.acknowledge();
  return { outcome: "failed", message, reason };
}
