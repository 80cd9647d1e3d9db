import type { DatasetManifest } from "../data/types.ts";
import type { Plan } from "../job/plan.ts";
import { bundleBytes, headBytes, partsRange } from "../protocol/bundle.ts";
import { modelLayout, shards } from "../protocol/model-shards.ts";
import { measures, trains, updateLayout } from "../protocol/update.ts";
import { addUsage, type TaskTime, timesUsage, type Usage } from "./cost-model.ts";

/** Requests and bytes at the object store. */
export interface StoreTraffic {
  readonly put: number;
  readonly get: number;
  readonly head: number;
  readonly list: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

/** How fast things go where the job runs. */
export interface Pace {
  /** One local step. */
  readonly stepMs: number;
  /** One worker's share of a measurement on the held-out examples. */
  readonly measureMs: number;
  /** From the start of a new function instance until its task begins. */
  readonly startUpMs: number;
  /** Loading TensorFlow and recording the step, once in each instance. */
  readonly loadMs: number;
  /** Exporting the result, without its requests. */
  readonly exportMs: number;
  /** From when a message is sent to when a waiting instance begins with it. */
  readonly queueMs: number;
  /** The object store, for one function: until the first byte, and bytes per second after it. */
  readonly storeLatencyMs: number;
  readonly storeBytesPerSecond: number;
  /** How many requests a function has under way at once. */
  readonly parallelRequests: number;
  /** By how much the time of a worker's steps varies: its standard deviation over its mean. @default 0 */
  readonly jitter?: number;
}

/** What of a dataset matters for its way to the functions. */
export interface DatasetSize {
  readonly trainExamples: number;
  readonly trainShards: number;
  readonly heldOutShards: number;
  readonly trainBytes: number;
  readonly heldOutBytes: number;
  readonly manifestBytes: number;
}

/** What a run takes from its submission to its result. */
export interface Forecast extends Usage {
  readonly wallMs: number;
}

/** A task's trace, and the manifest of a round, as JSON. */
const traceBytes = 920;
const manifestBytes = (plan: Plan) => 450 + 150 * plan.reducers;
/** Document and plan, as JSON. */
const jobBytes = 4000;
/** What a finished job has besides its rounds: model in two formats, report, metrics (protocol/finish.ts). */
const resultFiles = 9;
/** A round is looked at so long after its start, in case a message was lost (protocol/send-round.ts). */
const lookMs = 60_000;
/** Updates that a reduce fetches ahead (protocol/reduce.ts). */
const prefetch = 4;

/** `manifestBytes`: of the manifest itself. */
export function datasetSize({ train, heldOut }: DatasetManifest, manifestBytes: number): DatasetSize {
  const sizes = (split: Partial<DatasetManifest["train"]>) => (split.shards ?? []).map(({ sizeBytes }) => sizeBytes);
  const sum = (bytes: readonly number[]) => bytes.reduce((total, size) => total + size, 0);
  const [trained, held] = [sizes(train), sizes(heldOut)];
  return {
    trainExamples: train.examples,
    ...{ trainShards: trained.length, heldOutShards: held.length },
    ...{ trainBytes: sum(trained), heldOutBytes: sum(held), manifestBytes },
  };
}

/**
 * The store's traffic in a round that nothing disturbs, in which each worker runs in an instance of its own (or in fewer:
 * an instance reads the round's weights once), and all instances are warm. Counted from the protocol (docs/protocol.md); a
 * test holds it against what a real round does.
 */
export function roundTraffic(plan: Plan, round: number, functions = plan.workers): StoreTraffic {
  return addTraffic(tracedTraffic(plan, round, functions), untracedTraffic(plan, round, trains(plan, round)));
}

/** What the tasks of a round write down as their own use: until they have stored their output. */
function tracedTraffic(plan: Plan, round: number, functions: number): StoreTraffic {
  const { workers: W, reducers: S } = plan;
  const readers = Math.min(W, functions);
  const training = trains(plan, round);
  const all = shards(plan);
  const modelRead = all.reduce((sum, shard) => sum + partsRange(modelLayout(plan, shard), 0, 0).lengthBytes, 0);
  const updateBytes = bundle(updateLayout(plan, round));
  const steps = {
    // Is it there; is it too late: two looks.
    ...{ put: W, get: readers * S, head: 3 * W, list: 0 },
    ...{ bytesRead: readers * modelRead, bytesWritten: W * updateBytes },
  };
  if (!training) return steps;
  const wholeModel = all.reduce((sum, shard) => {
    const layout = modelLayout(plan, shard);
    return sum + partsRange(layout, 0, layout.length - 1).lengthBytes;
  }, 0);
  // A reducer reads its part of each update; that of shard 0 the head too.
  return addTraffic(steps, {
    ...{ put: S, get: S * (W + 1), head: 3 * S, list: 0 },
    bytesRead: wholeModel + W * updateBytes,
    bytesWritten: all.reduce((sum, shard) => sum + bundle(modelLayout(plan, shard)), 0),
  });
}

/** What they do after that, and what closes the round. */
export function untracedTraffic(plan: Plan, round: number, training: boolean): StoreTraffic {
  const { workers: W, reducers: S } = plan;
  const closing = round > 0 ? 1 : 0;
  const sharded = training && S > 1 ? 1 : 0;
  const heads = training ? S : W;
  return {
    // Traces and manifest; the hint that reduces were sent.
    ...{ put: 2 + sharded, get: heads + closing, head: sharded, list: W + (training ? S : 0) + 1 },
    bytesRead: heads * headBytes + closing * manifestBytes(plan),
    bytesWritten: traceBytes * (training ? W + 1 : W) + manifestBytes(plan),
  };
}

function addTraffic(a: StoreTraffic, b: StoreTraffic): StoreTraffic {
  return {
    ...{ put: a.put + b.put, get: a.get + b.get, head: a.head + b.head, list: a.list + b.list },
    ...{ bytesRead: a.bytesRead + b.bytesRead, bytesWritten: a.bytesWritten + b.bytesWritten },
  };
}

function bundle(layout: readonly number[]): number {
  return bundleBytes(layout.map((length) => ({ length }) as Uint8Array));
}

/** Uploading data and job, the first look, and what a finished job does: all but rounds. `fetched`: whether the result is. */
export function usageAround(plan: Plan, dataset: DatasetSize, pace: Pace): Usage & { readonly wallMs: number } {
  const { rounds, reducers: S } = plan;
  const modelBytes = 4 * plan.weightCount;
  const firstModel = shards(plan).reduce((sum, shard) => sum + bundle(modelLayout(plan, shard)), 0);
  const datasetBytes = dataset.trainBytes + dataset.heldOutBytes + dataset.manifestBytes;
  // Finding the last complete round (protocol/manifest.ts).
  const heads = 1 + 2 * Math.ceil(Math.log2(rounds + 1));
  const latencyMs = pace.storeLatencyMs;
  // Document and plan, the dataset's manifest.
  const loading = 2 * pace.storeLatencyMs;
  // Is it over, what was decided, is the round closed, the first model, updates; messages.
  const startMs = pace.startUpMs + loading + (7 + S) * latencyMs + transferBytesMs(firstModel, pace);
  const finishMs = pace.exportMs + (heads + rounds + 11) * latencyMs + transferBytesMs(4 * modelBytes, pace);
  return {
    tasks: [
      { count: 1, milliseconds: startMs },
      { count: 1, milliseconds: finishMs },
    ],
    // Shards and manifest; document and plan; first model, and lists of it, of what was decided, of updates; a decision; files
    // of the result and its manifest; lists of what was decided (twice), done twice, and done to other bits.
    writes: dataset.trainShards + dataset.heldOutShards + 1 + 2 + S + 3 + 1 + resultFiles + 1 + 4,
    reads: 1 + 4 + 1 + heads + 1 + 1 + S + 2 * (rounds + 2) + 1 + resultFiles,
    bytesRead: jobBytes + dataset.manifestBytes + modelBytes + (rounds + 1) * (traceBytes * (plan.workers + 1) + 600),
    bytesWritten: firstModel + 2 * modelBytes + 60_000,
    storedBytes: datasetBytes + firstModel + 2 * modelBytes + 60_000,
    fetchedBytes: 2 * modelBytes,
    wallMs: pace.queueMs + startMs + pace.queueMs + finishMs,
  };
}

interface ShardsRead {
  readonly first: number;
  readonly perRound: number;
  readonly all: number;
}

/** Shards that a function reads for its first share of the examples, and for each further one (data/order.ts). */
function shardsRead(plan: Plan, { trainShards, trainExamples }: DatasetSize): ShardsRead {
  const { rounds, workers, localSteps, batchSize } = plan;
  const shareExamples = localSteps * batchSize;
  const shardExamples = trainExamples / Math.max(1, trainShards);
  const epochRounds = trainExamples / (workers * shareExamples);
  // A share is a stretch of an epoch, in which shard follows shard; at both of its ends it has a part of one.
  const first = Math.min(trainShards, shareExamples / shardExamples + 1);
  const inEpochs: number[] = [];
  for (let done = 0; done < rounds && inEpochs.length < 4; done += Math.max(1, epochRounds))
    inEpochs.push(shardsOfWorker(plan, trainShards, shardExamples, Math.min(epochRounds, rounds - done)));
  // Each epoch has its own order.
  const all = trainShards * (1 - inEpochs.reduce((unmet, met) => unmet * (1 - met / Math.max(1, trainShards)), 1));
  return { first, perRound: rounds > 1 ? Math.max(0, all - first) / (rounds - 1) : 0, all: Math.max(first, all) };
}

/** How many shards one worker's shares of so many rounds of an epoch lie in, as a mean over the workers. */
function shardsOfWorker(
  { workers, localSteps, batchSize }: Plan,
  shards: number,
  shardExamples: number,
  rounds: number,
) {
  const share = (localSteps * batchSize) / shardExamples;
  const counted = Math.min(workers, 8);
  let sum = 0;
  for (let worker = 0; worker < counted; worker++) {
    const met = new Set<number>();
    for (let round = 0; round < Math.max(1, Math.min(Math.round(rounds), 100)); round++) {
      const from = (round * workers + worker) * share;
      for (let shard = Math.floor(from); shard < from + share && met.size < shards; shard++) met.add(shard % shards);
    }
    sum += met.size;
  }
  return sum / counted;
}

function shardMs({ trainBytes, trainShards }: DatasetSize, pace: Pace): number {
  return transferMs(1, trainBytes / Math.max(1, trainShards), pace);
}

/** How many of so many things are met when each of several times some of them are. */
function distinct(things: number, each: number, times: number): number {
  return things === 0 ? 0 : things * (1 - (1 - Math.min(1, each / things)) ** times);
}

/** What instances read when they work for the first time: document, plan, the examples. */
function usageOfOpening(plan: Plan, dataset: DatasetSize, read: ShardsRead, functions: number): Usage {
  const readers = Math.min(functions, plan.workers);
  const { trainShards, heldOutShards, trainBytes, heldOutBytes, manifestBytes } = dataset;
  const train = read.all;
  // Held-out examples are cut into a part for each worker; a function may take another worker's place the next time.
  const each = Math.max(Math.min(1, heldOutShards), heldOutShards / plan.workers);
  const heldOut = (each + distinct(heldOutShards, each, measurements(plan))) / 2;
  return {
    ...{ tasks: [], writes: 0, bytesWritten: 0, storedBytes: 0, fetchedBytes: 0 },
    reads: readers * (2 + 1 + train + heldOut),
    bytesRead:
      readers *
      (jobBytes +
        manifestBytes +
        (train / Math.max(1, trainShards)) * trainBytes +
        (heldOut / Math.max(1, heldOutShards)) * heldOutBytes),
  };
}

/** How many rounds measure the held-out examples. */
export function measurements({ rounds, evaluateEvery }: Plan): number {
  return 1 + (evaluateEvery > 0 ? Math.max(0, Math.ceil(rounds / evaluateEvery) - 1) : 0);
}

/** The mean of the largest of n normal numbers; to 5 % up to n = 100. */
function meanOfLargest(n: number): number {
  return n < 2 ? 0 : Math.sqrt(2 * Math.log(n)) * (0.48 + 0.085 * Math.log(n));
}

/** The part of normal numbers below x (Abramowitz and Stegun 26.2.17). */
function normalBelow(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x));
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const tail = (series * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
  return x < 0 ? tail : 1 - tail;
}

/** By how much the time of one request varies: its standard deviation over its mean. */
const requestJitter = 0.25;

/**
 * How many workers besides the last one find the round complete: those that stored their updates less than a request's time
 * before it. All of them reduce a small model, all but one in vain.
 */
function besidesTheLast(
  plan: Plan,
  round: number,
  pace: Pace,
  dataset: DatasetSize,
  read: ShardsRead,
  functions: number,
): number {
  const atOnce = Math.min(plan.workers, functions);
  // Some have to read another shard of the examples first.
  const fresh = Math.min(1, trains(plan, round) ? read.perRound : 0);
  const spreadMs = Math.hypot(
    (pace.jitter ?? 0) * computeMs(plan, round, pace),
    2 * requestJitter * pace.storeLatencyMs,
    Math.sqrt(fresh * (1 - fresh)) * shardMs(dataset, pace),
  );
  if (atOnce < 2) return 0;
  const near = 1 - normalBelow(meanOfLargest(atOnce) - pace.storeLatencyMs / spreadMs);
  return Math.max(0, Math.min(atOnce, atOnce * near) - 1);
}

/** A worker's steps and measuring in a round. */
function computeMs(plan: Plan, round: number, pace: Pace): number {
  return (trains(plan, round) ? plan.localSteps * pace.stepMs : 0) + (measures(plan, round) ? pace.measureMs : 0);
}

/** A reduce, or the end of the last round, that is done once more by somebody else at the same time. */
function usageInVain(plan: Plan, round: number, pace: Pace): Usage {
  const { workers: W, reducers: S } = plan;
  const closing = round > 0 ? 1 : 0;
  const none = { tasks: [], writes: 0, reads: 0, bytesRead: 0, bytesWritten: 0, storedBytes: 0, fetchedBytes: 0 };
  // Several see a sharded round complete: all but one stop at the hint that its reduces were sent.
  if (trains(plan, round) && S > 1) return { ...none, writes: 1, reads: 1 };
  // The traces, and the manifest; what was decided is read by who wrote the manifest.
  if (!trains(plan, round))
    return {
      ...{ ...none, tasks: [{ count: 1, milliseconds: closeMs(plan, round, pace), inline: true }] },
      ...{
        writes: 2,
        reads: W + closing,
        bytesRead: W * headBytes,
        bytesWritten: traceBytes * W + manifestBytes(plan),
      },
    };
  const layout = modelLayout(plan, 0);
  const written = bundle(layout) + traceBytes * (W + 2) + manifestBytes(plan);
  return {
    ...none,
    tasks: [{ count: 1, milliseconds: reduceMs(plan, round, pace) + 2 * pace.storeLatencyMs, inline: true }],
    // Traces, model, note, manifest; a list. Three looks, model, updates, the stored model's head, heads, the manifest before.
    ...{ writes: 5, reads: 3 + 1 + W + 1 + S + closing, bytesWritten: written },
    bytesRead:
      partsRange(layout, 0, layout.length - 1).lengthBytes + W * bundle(updateLayout(plan, round)) + 2 * headBytes,
  };
}

/** What a whole job is going to use and how long it takes, when nothing is late. `functions`: how many work at once. */
export function forecast(plan: Plan, pace: Pace, dataset: DatasetSize, functions = plan.workers): Forecast {
  const around = usageAround(plan, dataset, pace);
  const read = shardsRead(plan, dataset);
  const parts: Usage[] = [around, usageOfOpening(plan, dataset, read, functions)];
  let wallMs = around.wallMs;
  for (const { round, count } of kindsOfRounds(plan)) {
    const { usage, milliseconds } = forecastRound(plan, round, pace, dataset, read, functions);
    parts.push(timesUsage(usage, count));
    wallMs += count * milliseconds;
  }
  parts.push(usageOfLooks(plan.rounds + 1, wallMs, pace));
  return { ...addUsage(...parts), wallMs };
}

/** Rounds that use the same: one of each kind, and how many there are of it. Round 0 is the one with cold instances. */
function kindsOfRounds(plan: Plan): { readonly round: number; readonly count: number }[] {
  const { rounds, evaluateEvery } = plan;
  const measured = evaluateEvery > 0 ? Math.max(0, Math.ceil(rounds / evaluateEvery) - 1) : 0;
  const plain = rounds - 1 - measured;
  const firstPlain = evaluateEvery === 1 ? rounds : 1;
  return [
    { round: 0, count: 1 },
    { round: firstPlain, count: plain },
    { round: evaluateEvery, count: measured },
    { round: rounds, count: 1 },
  ].filter(({ round, count }) => count > 0 && (round < rounds || count === 1));
}

function forecastRound(
  plan: Plan,
  round: number,
  pace: Pace,
  dataset: DatasetSize,
  read: ShardsRead,
  functions: number,
) {
  const { workers: W, reducers: S } = plan;
  const traffic = roundTraffic(plan, round, functions);
  const training = trains(plan, round);
  const step = stepMs(plan, round, pace) + (training && round > 0 ? read.perRound * shardMs(dataset, pace) : 0);
  const reduce = training ? reduceMs(plan, round, pace) : closeMs(plan, round, pace);
  const opening = round === 0 ? openingMs(dataset, read, pace) + pace.loadMs : 0;
  // One instance has been there since the first look.
  const cold = round === 0 ? opening + pace.startUpMs + 2 * pace.storeLatencyMs : 0;
  const fresh = round === 0 ? Math.min(W, functions) : 0;
  const inline = S === 1 || !training;
  const tasks: TaskTime[] = [
    { count: W - fresh, milliseconds: step },
    { count: Math.min(1, fresh), milliseconds: step + opening },
    { count: Math.max(0, fresh - 1), milliseconds: step + cold },
    // A small model is reduced by the worker that comes last.
    { count: training ? S : 1, milliseconds: reduce, ...(inline && { inline }) },
  ];
  const straggling = computeMs(plan, round, pace) * (pace.jitter ?? 0) * meanOfLargest(W);
  const waves = Math.ceil(W / functions);
  const usage = {
    tasks: tasks.filter(({ count }) => count > 0),
    ...{ writes: traffic.put + traffic.list, reads: traffic.get + traffic.head },
    ...{ bytesRead: traffic.bytesRead, bytesWritten: traffic.bytesWritten, storedBytes: traffic.bytesWritten },
    fetchedBytes: 0,
  };
  const inVain = timesUsage(
    usageInVain(plan, round, pace),
    besidesTheLast(plan, round, pace, dataset, read, functions),
  );
  return {
    usage: addUsage(usage, inVain),
    milliseconds:
      pace.queueMs + (fresh > 1 ? cold : opening) + waves * step + straggling + (inline ? 0 : pace.queueMs) + reduce,
  };
}

/** Each round is looked at a minute after its start; when the job is over by then, that is one request. */
function usageOfLooks(rounds: number, wallMs: number, pace: Pace): Usage {
  const early = Math.floor(rounds * Math.max(0, 1 - lookMs / wallMs));
  return {
    tasks: [
      { count: early, milliseconds: 4 * pace.storeLatencyMs },
      { count: rounds - early, milliseconds: pace.storeLatencyMs },
    ].filter(({ count }) => count > 0),
    ...{ writes: early, reads: 3 * early + (rounds - early) },
    ...{ bytesRead: 0, bytesWritten: 0, storedBytes: 0, fetchedBytes: 0 },
  };
}

/** The shards of the first share. */
function openingMs(dataset: DatasetSize, { first }: ShardsRead, pace: Pace): number {
  return transferMs(first, (first / Math.max(1, dataset.trainShards)) * dataset.trainBytes, pace);
}

/** A worker's task in a warm instance: its model, its steps, its update. */
export function stepMs(plan: Plan, round: number, pace: Pace): number {
  const read = shards(plan).reduce((sum, shard) => sum + modelLayout(plan, shard)[0]!, 0);
  const written = bundle(updateLayout(plan, round));
  // Whether the update is there already, or too late; the model; the update; the look at the round.
  return (
    2 * pace.storeLatencyMs +
    transferMs(plan.reducers, read, pace) +
    computeMs(plan, round, pace) +
    transferMs(1, written, pace) +
    pace.storeLatencyMs
  );
}

/** A reducer's task: its part of each update, its shard of the model before and after; and the end of the round. */
function reduceMs(plan: Plan, round: number, pace: Pace): number {
  const { workers, reducers } = plan;
  const part = (updateLayout(plan, round).reduce((sum, bytes) => sum + bytes, 0) / reducers + headBytes) * workers;
  const shard = modelLayout(plan, 0).reduce((sum, bytes) => sum + bytes, 0);
  const waits = 2 + Math.ceil(workers / prefetch) + 2;
  return waits * pace.storeLatencyMs + transferBytesMs(part + 2 * shard, pace) + closeMs(plan, round, pace);
}

/** Are all shards there, their heads, the manifest before, this one's, what was decided. */
function closeMs(plan: Plan, round: number, pace: Pace): number {
  const training = trains(plan, round);
  return (3 + (round > 0 ? 1 : 0) + (training ? 1 : 0)) * pace.storeLatencyMs;
}

function transferMs(requests: number, bytes: number, pace: Pace): number {
  return pace.storeLatencyMs * Math.ceil(requests / pace.parallelRequests) + transferBytesMs(bytes, pace);
}

function transferBytesMs(bytes: number, pace: Pace): number {
  return (1000 * bytes) / pace.storeBytesPerSecond;
}
