import { UserError } from "../errors.ts";
import type { JobDocument } from "../job/document.ts";
import type { Plan } from "../job/plan.ts";
import type { Clock } from "../ports/clock.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { Delivery, TaskQueue } from "../ports/task-queue.ts";
import { runAdvance } from "./advance.ts";
import type { Context } from "./context.ts";
import { DamagedObject } from "./damaged.ts";
import { decide } from "./decisions.ts";
import type { Learner } from "./learner.ts";
import { decodeMessage, isOfPlan, type Message } from "./messages.ts";
import { MeteredStore } from "./metered-store.ts";
import { ModelCache } from "./model-shards.ts";
import { runReduce } from "./reduce.ts";
import { readJob, type StoredJob } from "./run-record.ts";
import { runStep } from "./step.ts";

/** What a worker is given by the place it runs in. */
export interface WorkerParts {
  readonly store: ObjectStore;
  readonly queue: TaskQueue;
  readonly clock: Clock;
  /** Names the process or function instance, for traces. */
  readonly place: string;
  openLearner(store: ObjectStore, document: JobDocument, plan: Plan): Promise<Learner>;
  peakMemoryBytes(): number;
  /** Of the function, where the platform tells it. */
  readonly memoryMib?: number;
  /** When the process started, in milliseconds since 1970, where a platform starts one for a message. */
  readonly bornAtMs?: number;
  /** Milliseconds until the platform ends this invocation; Infinity where nothing does. */
  remainingMs(): number;
}

/** What became of a delivery; every platform's entrypoint acts and logs by it. */
export type Handled =
  | { readonly outcome: "done"; readonly message: Message }
  /** Not a message of ours: acknowledged, since it could only come again for ever. */
  | { readonly outcome: "poison"; readonly reason: string }
  /** The job cannot go on; that is now stored as its state. */
  | { readonly outcome: "failed"; readonly message: Message; readonly reason: string }
  /** Given back to the queue. */
  | { readonly outcome: "retry"; readonly message: Message; readonly reason: string; readonly error: unknown };

interface OpenJob extends StoredJob {
  readonly learner: Learner;
}

/** Works on messages, one at a time. What it keeps between them is only a cache of write-once objects. */
export class Worker {
  readonly #parts: WorkerParts;
  readonly #models = new ModelCache();
  #open: OpenJob | undefined;
  /** Until the first task of this process is done; and until the first of those that compute, which loads TensorFlow. */
  #isNew = true;
  #isCold = true;
  /** Of the task under way; what its learner reads counts as the task's. */
  #store: MeteredStore;

  constructor(parts: WorkerParts) {
    this.#parts = parts;
    this.#store = new MeteredStore(parts.store, parts.clock);
  }

  /** Does the task, and only then acknowledges: a crash anywhere before leaves the message to somebody else. */
  async handle(delivery: Delivery): Promise<Handled> {
    const message = decodeMessage(delivery.body);
    if (typeof message === "string") return poison(delivery, message);
    const startedAtMs = this.#parts.clock.nowMs();
    this.#store = this.#store.anew();
    try {
      const open = await this.#openJob(message.job);
      if (!open) return poison(delivery, `there is no job ${message.job} in this store`);
      if (!isOfPlan(message.task, open.plan)) return poison(delivery, `job ${message.job} has no such task`);
      await this.#run(message, open, delivery.attempt, startedAtMs);
      await delivery.acknowledge();
      return { outcome: "done", message };
    } catch (error) {
      return this.#failed(message, delivery, error);
    }
  }

  async #run({ job, task, sentAtMs }: Message, open: OpenJob, attempt: number, startedAtMs: number): Promise<void> {
    const { clock, queue, place, peakMemoryBytes, remainingMs, memoryMib, bornAtMs } = this.#parts;
    const computes = task.kind === "step" || task.kind === "reduce";
    const [isNew, cold] = [this.#isNew, this.#isCold && computes];
    this.#isNew = false;
    if (computes) this.#isCold = false;
    const context: Context = {
      ...{ job, ...open, queue, clock, place, attempt, startedAtMs, cold, peakMemoryBytes, remainingMs },
      ...(memoryMib !== undefined && { memoryMib }),
      ...(isNew && bornAtMs !== undefined && { startUpMs: Math.max(0, startedAtMs - bornAtMs) }),
      store: this.#store,
      models: this.#models,
      queueMs: Math.max(0, startedAtMs - sentAtMs),
    };
    if (task.kind === "step") return runStep(context, task.round, task.worker, task.fromStep);
    if (task.kind === "reduce") return void (await runReduce(context, task.round, task.shard));
    if (task.kind === "advance") return runAdvance(context, task.round, task.look);
    // Once in a job, and it brings the report with it.
    return (await import("./finish.ts")).runFinish(context);
  }

  /** The job that was worked on last stays open, with its dataset and its recorded step. */
  async #openJob(job: string): Promise<OpenJob | undefined> {
    if (this.#open?.plan.job === job) return this.#open;
    const stored = await readJob(this.#store, job);
    if (!stored) return undefined;
    const current = () => this.#store;
    const learner = await this.#parts.openLearner(forwarding(current), stored.document, stored.plan);
    this.#open = { ...stored, learner };
    return this.#open;
  }

  /**
   * An error that a person must mend (bad data, a loss of NaN) would come again at every try, so it ends the job at once.
   * Any other is tried again, a bounded number of times. Either way the job's state says why.
   */
  async #failed(message: Message, delivery: Delivery, error: unknown): Promise<Handled> {
    const reason = error instanceof Error ? error.message : String(error);
    const lasting = error instanceof UserError && error.exitCode !== 3 && !(error instanceof DamagedObject);
    const attemptsLeft = (this.#open?.plan.maximumAttempts ?? 5) - delivery.attempt;
    if (!lasting && attemptsLeft > 0) {
      await delivery.release(Math.min(2 ** delivery.attempt, 60));
      return { outcome: "retry", message, reason, error };
    }
    await decide(this.#parts.store, message.job, "failed", { reason });
    await delivery.acknowledge();
    return { outcome: "failed", message, reason };
  }
}

/** The store of whatever task is under way, for a learner that outlives each of them. */
function forwarding(current: () => ObjectStore): ObjectStore {
  return {
    putIfAbsent: (...args) => current().putIfAbsent(...args),
    get: (...args) => current().get(...args),
    head: (key) => current().head(key),
    list: (prefix) => current().list(prefix),
    delete: (key) => current().delete(key),
  };
}

/** Could only come again for ever, so it is acknowledged and told of. */
async function poison(delivery: Delivery, reason: string): Promise<Handled> {
  await delivery.acknowledge();
  return { outcome: "poison", reason };
}
