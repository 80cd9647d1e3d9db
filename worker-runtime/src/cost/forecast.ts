import type { Plan } from "../job/plan.ts";
import { bundleBytes, headBytes, partsRange } from "../protocol/bundle.ts";
import { modelLayout, shards } from "../protocol/model-shards.ts";
import { measures, trains, updateLayout } from "../protocol/update.ts";
import type { TaskTime, Usage } from "./cost-model.ts";

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
  /** From the start of a new function instance to its first step. */
  readonly coldStartMs: number;
  /** From when a message is sent to when a waiting instance begins with it. */
  readonly queueMs: number;
  /** The object store, for one function: until the first byte, and bytes per second after it. */
  readonly storeLatencyMs: number;
  readonly storeBytesPerSecond: number;
  /** How many requests a function has under way at once. */
  readonly parallelRequests: number;
}

/** What a run takes from its submission to its result. */
export interface Forecast extends Usage {
  readonly wallMs: number;
}

/** A task's trace, and the manifest of a round, as JSON. */
const traceBytes = 900;
const manifestBytes = (plan: Plan) => 450 + 150 * plan.reducers;
/** What a finished job has besides its rounds: model in two formats, report, metrics (protocol/finish.ts). */
const resultFiles = 9;

/**
 * The store's traffic in a round that nothing disturbs, in which each worker runs in an instance of its own. Counted from
 * the protocol (docs/protocol.md); a test holds it against what a real round does.
 */
export function roundTraffic(plan: Plan, round: number): StoreTraffic {
  const { workers: W, reducers: S } = plan;
  const training = trains(plan, round);
  const all = shards(plan);
  const modelRead = all.reduce((sum, shard) => sum + partsRange(modelLayout(plan, shard), 0, 0).lengthBytes, 0);
  const updateParts = updateLayout(plan, round);
  const updateBytes = bundle(updateParts);
  const modelBytes = all.reduce((sum, shard) => sum + bundle(modelLayout(plan, shard)), 0);
  const tracesBytes = traceBytes * (training ? W + 1 : W);
  const closing = round > 0 ? 1 : 0;
  if (!training)
    return {
      // An update without weights from each worker; then traces and manifest.
      ...{ put: W + 2, get: W * S + W + closing, head: 3 * W, list: W + 1 },
      bytesRead: W * modelRead + W * headBytes + closing * manifestBytes(plan),
      bytesWritten: W * updateBytes + tracesBytes + manifestBytes(plan),
    };
  const wholeModel = all.reduce((sum, shard) => {
    const layout = modelLayout(plan, shard);
    return sum + partsRange(layout, 0, layout.length - 1).lengthBytes;
  }, 0);
  // A reducer reads its part of each update; that of shard 0 the head too.
  const updatesRead = W * (updateBytes - headBytes) + W * headBytes;
  const sharded = S > 1 ? 1 : 0;
  return {
    put: W + S + 2 + sharded,
    get: W * S + S * (1 + W) + S + closing,
    // Is it there; is it too late: two looks.
    head: 3 * (W + S) + sharded,
    list: W + S + 1,
    bytesRead: W * modelRead + wholeModel + updatesRead + S * headBytes + closing * manifestBytes(plan),
    bytesWritten: W * updateBytes + modelBytes + tracesBytes + manifestBytes(plan),
  };
}

function bundle(layout: readonly number[]): number {
  return bundleBytes(layout.map((length) => ({ length }) as Uint8Array));
}

/** What a whole job is going to use and how long it takes, when nothing is late and all workers of a round run at once. */
export function forecast(plan: Plan, pace: Pace, datasetBytes: number): Forecast {
  const { workers: W, reducers: S } = plan;
  const modelBytes = 4 * plan.weightCount;
  let [writes, reads, stored, wallMs] = [0, 0, datasetBytes, pace.coldStartMs];
  const tasks: TaskTime[] = [{ count: 1, milliseconds: pace.coldStartMs + 4 * pace.storeLatencyMs }];
  for (let round = 0; round <= plan.rounds; round++) {
    const traffic = roundTraffic(plan, round);
    writes += traffic.put + traffic.list;
    reads += traffic.get + traffic.head;
    stored += traffic.bytesWritten;
    const step = stepMs(plan, round, pace) + (round === 0 ? pace.coldStartMs : 0);
    const reduce = trains(plan, round) ? reduceMs(plan, round, pace) : 0;
    tasks.push({ count: W, milliseconds: step });
    // A small model is reduced by the worker that comes last; the look at the round comes as a message in any case.
    if (S > 1 && reduce > 0) tasks.push({ count: S, milliseconds: reduce });
    else tasks.push({ count: 1, milliseconds: reduce });
    tasks.push({ count: 1, milliseconds: 4 * pace.storeLatencyMs });
    wallMs += pace.queueMs + step + reduce + (S > 1 ? pace.queueMs : 0) + 3 * pace.storeLatencyMs;
  }
  const finishMs = (4 * plan.rounds + 2 * resultFiles) * (pace.storeLatencyMs / pace.parallelRequests);
  tasks.push({ count: 1, milliseconds: finishMs });
  return {
    tasks,
    writes: writes + resultFiles + 6,
    reads: reads + 2 * plan.rounds + resultFiles,
    storedBytes: stored + 2 * modelBytes,
    fetchedBytes: 2 * modelBytes,
    wallMs: wallMs + finishMs,
  };
}

/** A worker's task: its model, its steps, its update. */
function stepMs(plan: Plan, round: number, pace: Pace): number {
  const read = shards(plan).reduce((sum, shard) => sum + modelLayout(plan, shard)[0]!, 0);
  const written = updateLayout(plan, round).reduce((sum, bytes) => sum + bytes, headBytes);
  const steps = trains(plan, round) ? plan.localSteps * pace.stepMs : 0;
  const measuring = measures(plan, round) ? pace.measureMs : 0;
  // Whether the update is there already; the model; the update; the look at the round.
  return (
    pace.storeLatencyMs +
    transferMs(plan.reducers, read, pace) +
    steps +
    measuring +
    transferMs(1, written, pace) +
    pace.storeLatencyMs
  );
}

/** A reducer's task: its part of each update, its shard of the model before and after. */
function reduceMs(plan: Plan, round: number, pace: Pace): number {
  const { workers, reducers } = plan;
  const part = (updateLayout(plan, round).reduce((sum, bytes) => sum + bytes, 0) / reducers) * workers;
  const shard = modelLayout(plan, 0).reduce((sum, bytes) => sum + bytes, 0);
  return transferMs(workers, part, pace) + 2 * transferMs(1, shard, pace) + 3 * pace.storeLatencyMs;
}

function transferMs(requests: number, bytes: number, pace: Pace): number {
  return pace.storeLatencyMs * Math.ceil(requests / pace.parallelRequests) + (1000 * bytes) / pace.storeBytesPerSecond;
}
