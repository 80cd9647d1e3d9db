// What a round takes where a function reaches the store with 65 MB/s and 80 ms a request (the constants of LambdaML, SIGMOD'21): the
// protocol's own code in simulated time, beside LambdaML's two patterns. `node bench/exchange.ts`. Writes bench/results/exchange.json.
import type { Codec } from "../worker-runtime/src/job/document.ts";
import { lambdaML } from "./support/lambda-ml.ts";
import { writeResult } from "./support/results.ts";
import { roundSeconds } from "./support/round-time.ts";
import { type Network, type Requests, runShaped } from "./support/shaped-world.ts";
import { stubJob } from "./support/stub-world.ts";

const lambda = { bytesPerSecond: 65e6, latencyMs: 80 };
/** A guess for a warm function; each round has one message in line with a small model, two with a large one. */
const queueMs = 50;
/** Prices of AWS, us-east-1, in dollars (serverless-aggregation data of 2026): PUT and LIST, GET and HEAD, a GB-second. */
const prices = { write: 5e-6, read: 4e-7, gbSecond: 1.66667e-5 };
const memoryGB = 2;

/**
 * A smaller model over a slower line takes the same time. So models are made smaller by this much, and lines slower; only the heads
 * of objects (4 KB) count for more than they are.
 */
function scaleOf(modelBytes: number): number {
  return modelBytes > 4e6 ? 16 : 1;
}

const network = (scale: number, hopMs = 0): Network => ({
  bytesPerSecond: lambda.bytesPerSecond / scale,
  latencyMs: lambda.latencyMs,
  queueMs: hopMs,
});

interface Shape {
  readonly modelBytes: number;
  readonly workers: number;
  readonly codec?: Codec;
  /** Default: as Trivet plans. */
  readonly reducers?: number;
}

const planned = (shape: Shape) => stubJob({ weightCount: shape.modelBytes / 4, rounds: 3, ...shape }).plan;

async function simulated(
  shape: Shape,
  { hopMs = 0, computeMs = 0, apartMs = 0, scale = scaleOf(shape.modelBytes) } = {},
) {
  const { reducers } = planned(shape);
  const weightCount = Math.round(shape.modelBytes / 4 / scale);
  const job = { ...shape, reducers, weightCount, rounds: 3 };
  return { reducers, ...(await runShaped(job, network(scale, hopMs), { computeMs, apartMs })) };
}

const rounded = (value: number, digits = 2) => Number(value.toFixed(digits));

/** What the requests of a round, and the time that its functions wait, cost: millionths of a dollar. */
function microDollars({ put, get, head, list }: Omit<Requests, "bytes">, seconds: number, functions: number): number {
  const requests = (put + list) * prices.write + (get + head) * prices.read;
  return Math.round(1e6 * (requests + functions * seconds * memoryGB * prices.gbSecond));
}

async function exchanges() {
  const rows = [];
  for (const [modelBytes, workers] of [
    [224, 10],
    [224, 32],
    [44.7e6, 10],
    [44.7e6, 32],
  ] as const) {
    const scale = scaleOf(modelBytes);
    const theirs = async (pattern: "AllReduce" | "ScatterReduce") => {
      const { seconds, requests } = await lambdaML(pattern, Math.round(modelBytes / scale), workers, network(scale));
      return { scheme: `LambdaML ${pattern}`, seconds: rounded(seconds), ...countsOf(requests, scale, modelBytes) };
    };
    const ours = async (codec: Codec, reducers?: number) => {
      const shape = { modelBytes, workers, codec, ...(reducers && { reducers }) };
      // One after the other: then only the last one sees the round complete.
      const run = await simulated(shape, { apartMs: 200 });
      const withQueue = await simulated(shape, { apartMs: 200, hopMs: queueMs });
      return {
        scheme: `Trivet ${codec}, ${run.reducers} ${run.reducers === 1 ? "shard" : "shards"}`,
        seconds: rounded(run.seconds),
        secondsWithQueue: rounded(withQueue.seconds),
        ...countsOf(run.requests, scale, modelBytes),
      };
    };
    const found = [await theirs("AllReduce"), await theirs("ScatterReduce"), await ours("fp32")];
    if (modelBytes > 4e6) found.push(await ours("bf16"), await ours("fp32", workers), await ours("bf16", workers));
    rows.push(...found.map((row) => ({ model: modelBytes < 1e6 ? `${modelBytes} B` : "44.7 MB", workers, ...row })));
  }
  return rows;
}

function countsOf({ put, get, head, list, bytes }: Requests, scale: number, modelBytes: number) {
  const [puts, gets, heads, lists] = [put, get, head, list].map(Math.round);
  return { put: puts, get: gets, head: heads, list: lists, models: rounded((bytes * scale) / modelBytes, 1) };
}

/** The largest model of GradsSharding (arXiv:2604.22072): 512 MiB from 20 clients. Its own numbers on Lambda, from its raw data. */
async function aggregation() {
  const shape = { modelBytes: 512 * 2 ** 20, workers: 20 };
  const one = await simulated({ ...shape, reducers: 1 }, { hopMs: queueMs, scale: 64 });
  const rows = [];
  for (const reducers of [1, 4, 8, 16, planned(shape).reducers]) {
    const { aggregationSeconds } = await simulated({ ...shape, reducers }, { hopMs: queueMs, scale: 64, apartMs: 200 });
    const theirs = { 1: 188.8, 4: 59.8, 8: 26.9, 16: 22.3 }[reducers];
    rows.push({
      ...{
        reducers,
        seconds: rounded(aggregationSeconds),
        speedup: rounded(one.aggregationSeconds / aggregationSeconds, 1),
      },
      ...(theirs && { gradsShardingSeconds: theirs, gradsShardingSpeedup: rounded(188.8 / theirs, 1) }),
    });
  }
  return rows;
}

/** The planned job from 1 to 1,000 workers: simulated where that is not too much, counted elsewhere. */
async function scaling() {
  const computeMs = 60_000;
  const rows = [];
  for (const modelBytes of [1e6, 10e6, 100e6, 1e9])
    for (const workers of [1, 4, 16, 64, 256, 1000]) {
      const shape = { modelBytes, workers, codec: "bf16" as const };
      const plan = planned(shape);
      const exchange = roundSeconds(plan, { ...lambda, queueMs }).total;
      const isSimulated = workers <= 64 && modelBytes <= 100e6;
      const run = isSimulated ? await simulated(shape, { hopMs: queueMs, apartMs: 200 }) : undefined;
      const seconds = run?.seconds ?? exchange;
      rows.push({
        ...{ modelMB: modelBytes / 1e6, workers, shards: plan.reducers, exchangeSeconds: rounded(seconds) },
        ...(run && { countedSeconds: rounded(exchange) }),
        efficiency: rounded(computeMs / (computeMs + 1000 * seconds), 3),
        ...(run && { microDollars: microDollars(run.requests, run.seconds, workers) }),
      });
    }
  return { secondsOfLearning: computeMs / 1000, rows };
}

/** What it costs when every message comes two to five times: after its task has ended, or at any moment. */
async function duplicates() {
  const job = { weightCount: Math.round(44.7e6 / 4 / 16), workers: 8, reducers: 6, rounds: 20, codec: "bf16" as const };
  const computeMs = 30_000;
  const run = (copies?: { fromMs: number; toMs: number }) =>
    runShaped(job, network(16, queueMs), { computeMs, apartMs: 200, ...(copies && { copies }) });
  const undisturbed = await run();
  const extra = async (fromMs: number, toMs: number) => {
    const disturbed = await run({ fromMs, toMs });
    const percent = (a: number, b: number) => rounded(100 * (a / b - 1), 1);
    return {
      copiesComeAfterSeconds: `${fromMs / 1000} to ${toMs / 1000}`,
      extraBytesPercent: percent(disturbed.requests.bytes, undisturbed.requests.bytes),
      extraTimePercent: percent(disturbed.seconds, undisturbed.seconds),
    };
  };
  return [await extra(60_000, 600_000), await extra(0, 600_000)];
}

/** How good the planned number of shards is: against each that is a power of two, by time and by dollars of the exchange. */
function planning() {
  const rows = [];
  for (const modelBytes of [10e6, 100e6, 1e9])
    for (const workers of [4, 16, 64, 256]) {
      const shape = { modelBytes, workers, codec: "bf16" as const };
      const withShards = (reducers: number) => {
        const plan = planned({ ...shape, reducers });
        const { total, step, reduce } = roundSeconds(plan, { ...lambda, queueMs });
        return {
          reducers,
          seconds: rounded(total),
          dollars: dollarsOf(workers, reducers, workers * step + reducers * reduce),
        };
      };
      const all = Array.from({ length: 9 }, (_, power) => withShards(2 ** power));
      const least = (key: "seconds" | "dollars") => all.reduce((best, one) => (one[key] < best[key] ? one : best));
      const ours = withShards(planned(shape).reducers);
      const [fastest, cheapest] = [least("seconds"), least("dollars")];
      rows.push({
        ...{ modelMB: modelBytes / 1e6, workers, shards: ours.reducers, seconds: ours.seconds },
        microDollars: Math.round(1e6 * ours.dollars),
        ...{ fastestShards: fastest.reducers, fastestSeconds: fastest.seconds },
        ...{ cheapestShards: cheapest.reducers, cheapestMicroDollars: Math.round(1e6 * cheapest.dollars) },
      });
    }
  return rows;
}

/** Requests as cost/forecast.ts counts them, and the time of all functions. */
function dollarsOf(workers: number, shards: number, functionSeconds: number): number {
  const sharded = shards > 1 ? 1 : 0;
  const writes = workers + shards + 2 + sharded + (workers + shards + 1);
  const reads = 2 * workers * shards + 2 * shards + 1 + 3 * (workers + shards) + sharded;
  return writes * prices.write + reads * prices.read + functionSeconds * memoryGB * prices.gbSecond;
}

const found = {
  memoryGB,
  lambda,
  queueMs,
  exchanges: await exchanges(),
  aggregation: await aggregation(),
  scaling: await scaling(),
  planning: planning(),
  duplicates: await duplicates(),
};
console.table(found.exchanges);
console.table(found.aggregation);
console.table(found.scaling.rows);
console.table(found.planning);
console.table(found.duplicates);
writeResult("exchange", found);
