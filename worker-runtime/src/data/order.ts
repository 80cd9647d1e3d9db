import { Random } from "../training/random.ts";
import type { DatasetManifest, SplitInfo } from "./types.ts";

/**
 * Positions in `train` of the examples number `start` to `start + count - 1` of the endless training sequence: epoch after
 * epoch, each a permutation of its own by `seed`. Within an epoch whole shards follow each other in random order, and so do
 * the examples of a shard (which are mixed already), so that a stretch of the sequence lies in few shards.
 */
export function trainingOrder(
  { train }: Pick<DatasetManifest, "train">,
  seed: number,
  start: number,
  count: number,
): Float64Array {
  const positions = new Float64Array(count);
  for (let filled = 0; filled < count; ) {
    const epoch = Math.floor((start + filled) / train.examples);
    const into = (start + filled) % train.examples;
    filled += fillFromEpoch(epochOrder(train, seed, epoch), into, positions, filled);
  }
  return positions;
}

/** The held-out positions that a worker measures: from the first to before the second. Together they are all, each once. */
export function heldOutRange(total: number, workers: number, worker: number): [from: number, to: number] {
  return [Math.floor((total * worker) / workers), Math.floor((total * (worker + 1)) / workers)];
}

/** The order of one epoch: shards one after the other, each permuted when it is asked for. */
interface EpochOrder {
  readonly seed: number;
  readonly epoch: number;
  readonly stretches: readonly Stretch[];
}

/** A shard's place: its first position in the dataset, and in the epoch. */
interface Stretch {
  readonly position: number;
  readonly start: number;
  readonly end: number;
  readonly permutation: () => Int32Array;
}

/** A worker asks for the same epoch again and again. */
const lastOrder = new WeakMap<SplitInfo, EpochOrder>();

function epochOrder(train: SplitInfo, seed: number, epoch: number): EpochOrder {
  const last = lastOrder.get(train);
  if (last?.seed === seed && last.epoch === epoch) return last;
  const random = new Random(seed).derive("order", epoch);
  const firstPositions = startsOf(train);
  let start = 0;
  const stretches = Array.from(random.permutation(train.shards.length), (shard): Stretch => {
    const { examples } = train.shards[shard]!;
    const stretch = { position: firstPositions[shard]!, start, end: start + examples };
    start = stretch.end;
    let order: Int32Array | undefined;
    return {
      ...stretch,
      permutation: () => {
        order ??= random.derive(shard).permutation(examples);
        return order;
      },
    };
  });
  const order = { seed, epoch, stretches };
  lastOrder.set(train, order);
  return order;
}

/** Copies from the place `into` of an epoch to its end, or until `positions` is full; returns how many. */
function fillFromEpoch({ stretches }: EpochOrder, into: number, positions: Float64Array, filled: number): number {
  let next = filled;
  for (const { position, start, end, permutation } of stretches) {
    if (end <= into) continue;
    if (next === positions.length) break;
    const order = permutation();
    const first = Math.max(into, start) - start;
    const last = Math.min(end - start, first + positions.length - next);
    for (let i = first; i < last; i++) positions[next++] = position + order[i]!;
  }
  return next - filled;
}

/** The position of each shard's first example. */
export function startsOf({ shards }: Pick<SplitInfo, "shards">): number[] {
  let start = 0;
  return shards.map(({ examples }) => {
    start += examples;
    return start - examples;
  });
}
