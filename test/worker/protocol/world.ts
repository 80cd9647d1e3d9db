import { MemoryObjectStore } from "../../../worker-runtime/src/clouds/memory/object-store.ts";
import { MemoryTaskQueue } from "../../../worker-runtime/src/clouds/memory/task-queue.ts";
import { type JobDocument, jobSchema } from "../../../worker-runtime/src/job/document.ts";
import type { Plan } from "../../../worker-runtime/src/job/plan.ts";
import type { Clock } from "../../../worker-runtime/src/ports/clock.ts";
import type { ObjectStore } from "../../../worker-runtime/src/ports/object-store.ts";
import type { Delivery, TaskQueue } from "../../../worker-runtime/src/ports/task-queue.ts";
import type { ResultManifest } from "../../../worker-runtime/src/protocol/finish.ts";
import { keys } from "../../../worker-runtime/src/protocol/keys.ts";
import type { Learner } from "../../../worker-runtime/src/protocol/learner.ts";
import { isOver } from "../../../worker-runtime/src/protocol/run-record.ts";
import { submit } from "../../../worker-runtime/src/protocol/submit.ts";
import { type Handled, Worker } from "../../../worker-runtime/src/protocol/worker.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { ArithmeticLearner } from "./arithmetic-learner.ts";

export const seed = 7;

/** A document that the protocol's tests may vary; its model and data are never looked at. */
export function documentOf(changes: Partial<JobDocument> = {}): JobDocument {
  const base = jobSchema.parse({
    name: "arithmetic",
    model: { kind: "recommendation" },
    data: { train: "none.csv" },
    rounds: { outer: { learningRate: 0.7, momentum: 0.9 } },
    seed,
  });
  return { ...base, ...changes };
}

export function planOf(changes: Partial<Plan> = {}): Plan {
  return {
    version: 1,
    numerics: "portable",
    job: "arithmetic-1",
    datasetHash: "none",
    seed,
    workers: 3,
    rounds: 3,
    localSteps: 4,
    partSteps: 2,
    batchSize: 1,
    codec: "fp32",
    outerMomentum: true,
    reducers: 1,
    parameters: [{ name: "w", shape: [11], offset: 0, length: 11 }],
    weightCount: 11,
    evaluateEvery: 1,
    maximumAttempts: 5,
    ...changes,
  };
}

export interface WorldOptions {
  readonly document?: JobDocument;
  readonly plan?: Plan;
  readonly learner?: (plan: Plan) => Learner;
  readonly remainingMs?: () => number;
  /** Wraps the clock that workers see. */
  readonly wrapClock?: (clock: Clock) => Clock;
  /** Wraps the store or the queue that workers see, to make them fail. */
  readonly wrapStore?: (store: ObjectStore) => ObjectStore;
  readonly wrapQueue?: (queue: TaskQueue) => TaskQueue;
  readonly handle?: (worker: Worker, delivery: Delivery) => Promise<Handled>;
}

/** A store, a queue and some workers in one process, on a clock that stands still until nothing else can happen. */
export class World {
  readonly clock = new ManualClock();
  readonly store = new MemoryObjectStore(this.clock);
  readonly queue = new MemoryTaskQueue(this.clock);
  readonly plan: Plan;
  readonly handled: Handled[] = [];
  readonly #options: WorldOptions;
  #workers = 0;

  constructor(options: WorldOptions = {}) {
    this.#options = options;
    this.plan = options.plan ?? planOf();
  }

  worker(): Worker {
    const { wrapClock, wrapStore, wrapQueue, learner, remainingMs } = this.#options;
    return new Worker({
      store: wrapStore?.(this.store) ?? this.store,
      queue: wrapQueue?.(this.queue) ?? this.queue,
      clock: wrapClock?.(this.clock) ?? this.clock,
      place: `worker-${this.#workers++}`,
      openLearner: async (_, __, plan) => learner?.(plan) ?? new ArithmeticLearner(plan.weightCount, plan.seed),
      peakMemoryBytes: () => 0,
      remainingMs: remainingMs ?? (() => Infinity),
    });
  }

  async submit(): Promise<void> {
    const manifest = { version: 1, train: { examples: 1 }, heldOut: { examples: 1 }, encoding: null, skippedRows: 0 };
    await this.store.putIfAbsent("datasets/none/manifest.json", Buffer.from(JSON.stringify(manifest)));
    await submit(this.store, this.queue, this.clock.nowMs(), this.#options.document ?? documentOf(), this.plan);
  }

  /** Works with `concurrency` workers until the job is over; time passes only when no message is visible. */
  async work(concurrency = 1): Promise<void> {
    const workers = Array.from({ length: concurrency }, () => this.worker());
    for (let idle = 0; idle < 200 && this.handled.length < 5000; ) {
      const deliveries = await Promise.all(workers.map(() => this.queue.receive(300)));
      await Promise.all(deliveries.map((delivery, i) => delivery && this.#handle(workers[i]!, delivery)));
      if (await this.isOver()) return;
      if (deliveries.every((delivery) => delivery === undefined)) {
        this.clock.pass(30);
        idle++;
      } else idle = 0;
    }
    throw new Error("the job is stuck");
  }

  async isOver(): Promise<boolean> {
    return isOver(this.store, this.plan.job);
  }

  async result(): Promise<ResultManifest | undefined> {
    const stored = await this.store.get(keys.result(this.plan.job, "manifest.json"));
    return stored && JSON.parse(Buffer.from(stored).toString());
  }

  async #handle(worker: Worker, delivery: Delivery): Promise<void> {
    this.handled.push(await (this.#options.handle?.(worker, delivery) ?? worker.handle(delivery)));
  }
}

/** Trains to the end and gives what identifies the outcome. */
export async function outcomeOf(options: WorldOptions = {}, concurrency = 1) {
  const world = new World(options);
  await world.submit();
  await world.work(concurrency);
  const result = await world.result();
  return { world, weights: result?.weightsHash, chain: result?.chainHash };
}
