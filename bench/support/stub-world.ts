import { LocalObjectStore } from "../../worker-runtime/src/clouds/local/object-store.ts";
import { MemoryTaskQueue } from "../../worker-runtime/src/clouds/memory/task-queue.ts";
import { type Codec, type JobDocument, jobSchema } from "../../worker-runtime/src/job/document.ts";
import { makePlan } from "../../worker-runtime/src/job/make-plan.ts";
import type { Plan } from "../../worker-runtime/src/job/plan.ts";
import type { Clock } from "../../worker-runtime/src/ports/clock.ts";
import type { ObjectStore } from "../../worker-runtime/src/ports/object-store.ts";
import type { TaskQueue } from "../../worker-runtime/src/ports/task-queue.ts";
import { keys } from "../../worker-runtime/src/protocol/keys.ts";
import type { Learner } from "../../worker-runtime/src/protocol/learner.ts";
import { MeteredStore, type StoreUse } from "../../worker-runtime/src/protocol/metered-store.ts";
import { submit } from "../../worker-runtime/src/protocol/submit.ts";
import { Worker } from "../../worker-runtime/src/protocol/worker.ts";

export const clock = { nowMs: () => performance.timeOrigin + performance.now(), sleep: async () => {} };

export interface StubJob {
  readonly weightCount: number;
  readonly workers: number;
  readonly rounds: number;
  readonly codec?: Codec;
  readonly reducers?: number;
}

/** A job whose learning costs nothing, so that what is measured is the protocol alone. */
export function stubJob({ weightCount, workers, rounds, codec = "fp32", reducers }: StubJob) {
  const document: JobDocument = jobSchema.parse({
    name: "stub",
    model: { kind: "recommendation" },
    data: { train: "none.csv" },
    training: { evaluateEvery: 0 },
    workers,
    rounds: { count: rounds, localSteps: 1, codec, ...(reducers && { reducers }) },
  });
  const split = { columns: [], examples: 1, shards: [] };
  const manifest = { version: 1 as const, train: split, heldOut: split, encoding: null, skippedRows: 0 };
  const parameter = { name: "w", shape: [weightCount], initialiser: { kind: "zeros" as const } };
  const plan = makePlan(document, { hash: "none", manifest }, { parameters: [parameter] });
  return { document, plan, manifest };
}

function stubLearner({ weightCount }: Plan): Learner {
  return {
    ...{
      stamp: undefined,
      mode: undefined,
      eagerReason: undefined,
      loadMs: 0,
      primary: { metric: "error", better: "lower" },
    },
    initialWeights: () => new Float32Array(weightCount),
    train: async (_, worker, { weights }, step) => ({
      step,
      weights: weights.map((value) => value + worker),
      optimizer: new Float32Array(0),
      lossSum: 0,
    }),
    measure: async () => ({ error: 0 }),
    metrics: (sums) => ({ ...sums }),
    exportModel: async () => [],
  };
}

export interface StubRound {
  readonly milliseconds: number;
  readonly use: StoreUse;
}

/** A function that works on the job, with learning that costs nothing, or `computeMs` of the clock's time in each round. */
export function stubWorker(
  plan: Plan,
  store: ObjectStore,
  queue: TaskQueue,
  { place = "function", clock: time = clock as Clock, computeMs = 0 } = {},
): Worker {
  const parts = { store, queue, clock: time, place, peakMemoryBytes: () => 0, remainingMs: () => Infinity };
  const learner = stubLearner(plan);
  const { train } = learner;
  if (computeMs > 0)
    learner.train = async (...args) => {
      await time.sleep(computeMs);
      return train(...args);
    };
  return new Worker({ ...parts, openLearner: async () => learner });
}

/** Runs the job over files, a function for each rank, one task at a time. Gives what each training round took. */
export async function runStub(folder: string, job: StubJob): Promise<{ plan: Plan; rounds: StubRound[] }> {
  const { document, plan, manifest } = stubJob(job);
  const files = await LocalObjectStore.open(folder);
  const store = new MeteredStore(files, clock);
  const queue = new MemoryTaskQueue(clock);
  const functions = Array.from({ length: Math.max(plan.workers, plan.reducers) }, (_, i) =>
    stubWorker(plan, store, queue, { place: `function-${i}` }),
  );
  await store.putIfAbsent("datasets/none/manifest.json", Buffer.from(JSON.stringify(manifest)));
  await submit(store, queue, clock.nowMs(), document, plan);
  const rounds: StubRound[] = [];
  let before: StoreUse = { ...store.use };
  let startedAtMs = clock.nowMs();
  while (rounds.length < plan.rounds) {
    const delivery = (await queue.receive(900))!;
    const { worker, shard } = JSON.parse(delivery.body).task;
    const handled = await functions[worker ?? shard ?? 0]!.handle(delivery);
    if (handled.outcome !== "done") throw new Error(`a task came to ${handled.outcome}`, { cause: handled });
    if (!(await files.head(keys.manifest(plan.job, rounds.length)))) continue;
    rounds.push({ milliseconds: clock.nowMs() - startedAtMs, use: difference(store.use, before) });
    before = { ...store.use };
    startedAtMs = clock.nowMs();
  }
  return { plan, rounds };
}

function difference(now: StoreUse, before: StoreUse): StoreUse {
  const names = Object.keys(now) as (keyof StoreUse)[];
  return Object.fromEntries(names.map((name) => [name, now[name] - before[name]])) as unknown as StoreUse;
}
