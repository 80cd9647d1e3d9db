import { jobCost } from "../../worker-runtime/src/cost/job-cost.ts";
import { listPrices } from "../../worker-runtime/src/cost/prices.ts";
import { sha256 } from "../../worker-runtime/src/hash.ts";
import { type JobDocument, jobSchema } from "../../worker-runtime/src/job/document.ts";
import type { Plan } from "../../worker-runtime/src/job/plan.ts";
import type { RoundRecord, RunRecord, TaskTrace } from "../../worker-runtime/src/result/run-record.ts";
import type { KernelStamp } from "../../worker-runtime/src/training/trainer.ts";

const startMs = Date.UTC(2026, 10, 24, 9, 30);

const stamp: KernelStamp = {
  backend: "tensorflow",
  tensorflow: "2.21.0",
  threads: 1,
  oneDnn: true,
  cpu: "avx avx2 avx512f fma sse4_1 sse4_2",
};

/** A run as a small vision job leaves it: `rounds` that train and one that measures, on `places` processes. Always the same. */
export function exampleRun({ rounds = 20, workers = 4, places = 2 } = {}): RunRecord {
  const document: JobDocument = jobSchema.parse({
    name: "vision",
    model: { kind: "image-classification" },
    data: { train: { images: "train-images-idx3-ubyte.gz", labels: "train-labels-idx1-ubyte.gz" }, onBadRow: "skip" },
    training: { optimizer: { kind: "adam" }, learningRate: 0.002, schedule: { kind: "cosine", warmupSteps: 20 } },
    rounds: { count: rounds, codec: "bf16" },
    workers,
    seed: 7,
  });
  const schedule = new Schedule(workers, places);
  const records = Array.from({ length: rounds + 1 }, (_, round): RoundRecord => {
    const trains = round < rounds;
    const accuracy = 0.985 - 0.885 * Math.exp(-round / 2.2) + 0.002 * wave(round);
    return {
      round,
      manifestHash: sha256(`round ${round}`),
      trainLoss: trains ? 0.035 + 1.4 * Math.exp(-round / 2.5) + 0.008 * wave(round + 5) : undefined,
      metrics: round === 0 ? undefined : { accuracy, loss: 0.05 + 2.2 * Math.exp(-round / 2.2) },
      traces: schedule.round(round, trains),
    };
  });
  const plan = examplePlan(document, rounds, workers);
  const size = { trainExamples: 54_000, trainShards: 11, heldOutShards: 2, trainBytes: 42e6, heldOutBytes: 4.7e6 };
  return {
    job: "vision-3f9a1c2e",
    document,
    plan,
    dataset: { hash: sha256("dataset"), trainExamples: 54_000, heldOutExamples: 6000, skippedRows: 3 },
    outcome: { state: "finished" },
    resultRound: rounds,
    primaryMetric: "accuracy",
    metrics: records[rounds]!.metrics!,
    weightsHash: sha256("weights"),
    rounds: records,
    divergences: [],
    cost: jobCost({ plan, rounds: records, repeats: [], dataset: { ...size, manifestBytes: 4000 } }, listPrices),
    budget: 2,
  };
}

function examplePlan(document: JobDocument, rounds: number, workers: number): Plan {
  const shapes = { "conv1/kernel": [3, 3, 1, 16], "conv1/bias": [16], "dense/kernel": [784, 10], "dense/bias": [10] };
  let offset = 0;
  const parameters = Object.entries(shapes).map(([name, shape]) => {
    const length = shape.reduce((product, size) => product * size, 1);
    offset += length;
    return { name, shape, offset: offset - length, length };
  });
  return {
    version: 1,
    numerics: "portable",
    job: "vision-3f9a1c2e",
    datasetHash: sha256("dataset"),
    seed: 7,
    workers,
    rounds,
    localSteps: 50,
    partSteps: 50,
    batchSize: 64,
    codec: document.rounds.codec,
    outerMomentum: false,
    reducers: 1,
    parameters,
    weightCount: offset,
    evaluateEvery: 1,
    maximumAttempts: 5,
  };
}

/** Hands tasks to the place that is free first, as a queue would. */
class Schedule {
  readonly #freeAtMs: number[];
  readonly #workers: number;
  readonly #warm = new Set<number>();

  constructor(workers: number, places: number) {
    this.#workers = workers;
    this.#freeAtMs = Array.from({ length: places }, (_, place) => startMs + 90 * place);
  }

  round(round: number, trains: boolean): TaskTrace[] {
    const sentAtMs = Math.max(...this.#freeAtMs);
    const traces = Array.from({ length: this.#workers }, (_, rank) =>
      this.#task("step", round, rank, sentAtMs, trains ? 610 + 45 * wave(round * 7 + rank) : 90),
    );
    if (trains) traces.push(this.#task("reduce", round, 0, Math.max(...this.#freeAtMs), 24));
    return traces;
  }

  #task(task: "step" | "reduce", round: number, rank: number, sentAtMs: number, computeMs: number): TaskTrace {
    const place = this.#freeAtMs.indexOf(Math.min(...this.#freeAtMs));
    const startedAtMs = Math.max(sentAtMs + 4, this.#freeAtMs[place]! + 2);
    const loadMs = this.#warm.has(place) ? 0 : 840 + 30 * place;
    this.#warm.add(place);
    const storeMs = 14 + 3 * wave(round + rank);
    const finishedAtMs = startedAtMs + Math.round(loadMs + computeMs + storeMs);
    this.#freeAtMs[place] = finishedAtMs;
    return {
      task,
      round,
      rank,
      place: `process-${place + 1}`,
      attempt: 1,
      startedAtMs,
      finishedAtMs,
      computeMs,
      storeMs,
      queueMs: startedAtMs - sentAtMs,
      loadMs,
      peakMemoryBytes: 412 * 2 ** 20 + place * 2 ** 20,
      requests: { put: 1, get: task === "step" ? 3 : this.#workers + 1, head: 1, list: 1 },
      bytesRead: 182_000,
      bytesWritten: 16_100,
      stamp,
      mode: "recorded",
    };
  }
}

/** Between -1 and 1, without a pattern that the eye finds. */
function wave(position: number): number {
  return Math.sin(position * 12.9898) * Math.cos(position * 4.1414);
}
