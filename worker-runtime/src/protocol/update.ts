import { codecs } from "../codec/index.ts";
import type { Plan } from "../job/plan.ts";
import { Random } from "../training/random.ts";
import type { BundleLayout } from "./bundle.ts";
import type { Sums } from "./learner.ts";
import { shardBounds, shardLength, shards } from "./model-shards.ts";

/** What an update says besides its weights; part of its hash. */
export interface UpdateReport {
  readonly round: number;
  readonly worker: number;
  readonly steps: number;
  /** Sum of the mean losses of the local steps. */
  readonly lossSum: number;
  /** The worker's share of the measurement of the round's starting weights, where there is one. */
  readonly sums?: Sums;
}

/** Rounds 0 to R - 1 train; round R only measures the final weights, so its updates carry none. */
export function trains(plan: Plan, round: number): boolean {
  return round < plan.rounds;
}

/** Whether the weights that the round starts from are measured on the held-out examples. */
export function measures(plan: Plan, round: number): boolean {
  return round === plan.rounds || (plan.evaluateEvery > 0 && round > 0 && round % plan.evaluateEvery === 0);
}

/** One part for each shard, so that a reducer reads its own part of every update and nothing else. */
export function updateLayout(plan: Plan, round: number): BundleLayout {
  if (!trains(plan, round)) return [];
  return shards(plan).map((shard) => codecs[plan.codec].encodedBytes(shardLength(plan, shard)));
}

/** How far the worker went, against the direction of descent: start - end, cut into shards and encoded. */
export function encodeUpdate(plan: Plan, round: number, worker: number, start: Float32Array, end: Float32Array) {
  const way = start.map((value, i) => value - end[i]!);
  return shards(plan).map((shard) => {
    const random = new Random(plan.seed, "codec", round, worker, shard);
    return codecs[plan.codec].encode(way.subarray(...shardBounds(plan, shard)), random);
  });
}
