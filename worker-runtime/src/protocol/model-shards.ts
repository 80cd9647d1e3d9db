import { codecs, roundToBf16 } from "../codec/index.ts";
import { UserError } from "../errors.ts";
import type { Plan } from "../job/plan.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { type BundleLayout, decodeParts, partsRange } from "./bundle.ts";
import type { Context } from "./context.ts";
import { keys } from "./keys.ts";

/** Which weights shard `shard` holds: [from, to) of the flat vector. Shards differ by one weight at the most. */
export function shardBounds(plan: Plan, shard: number): [from: number, to: number] {
  const cut = (index: number) => Math.floor((index * plan.weightCount) / plan.reducers);
  return [cut(shard), cut(shard + 1)];
}

export function shards(plan: Plan): number[] {
  return Array.from({ length: plan.reducers }, (_, shard) => shard);
}

export function shardLength(plan: Plan, shard: number): number {
  const [from, to] = shardBounds(plan, shard);
  return to - from;
}

/** Models travel to the workers as bf16 unless the codec is fp32; the reducers keep full precision in parts of their own. */
export function wireCodec(plan: Plan): "fp32" | "bf16" {
  return plan.codec === "fp32" ? "fp32" : "bf16";
}

/** Parts of a model shard: what workers read; the outer momentum, if any; and, where weights are rounded, the full ones. */
export function modelLayout(plan: Plan, shard: number): BundleLayout {
  const count = shardLength(plan, shard);
  const wire = codecs[wireCodec(plan)].encodedBytes(count);
  const momentum = plan.outerMomentum ? 4 * count : 0;
  return wireCodec(plan) === "fp32" ? [wire, momentum] : [wire, momentum, 4 * count];
}

/** One shard as its reducer needs it. */
export interface ModelShard {
  readonly weights: Float32Array;
  readonly momentum: Float32Array;
}

export function encodeModelShard(plan: Plan, { weights, momentum }: ModelShard): Uint8Array[] {
  const bytesOf = (values: Float32Array) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const kept = plan.outerMomentum ? bytesOf(momentum) : new Uint8Array(0);
  return wireCodec(plan) === "fp32" ? [bytesOf(weights), kept] : [roundToBf16(weights), kept, bytesOf(weights)];
}

/** What reading a model needs of a task's context. */
type ModelPlace = Pick<Context, "plan" | "job"> & { readonly store: Pick<ObjectStore, "get"> };

/** Reads a whole shard: weights in full precision and the outer momentum. */
export async function readModelShard(context: ModelPlace, round: number, shard: number): Promise<ModelShard> {
  const { plan, job } = context;
  const layout = modelLayout(plan, shard);
  const key = keys.model(job, round, shard);
  const bytes = await required(context, key, partsRange(layout, 0, layout.length - 1));
  const parts = decodeParts(key, bytes, layout);
  const count = shardLength(plan, shard);
  const [wire, momentum, full = wire] = parts.map(({ part }) => part);
  return {
    weights: codecs.fp32.decode(full!, count),
    momentum: plan.outerMomentum ? codecs.fp32.decode(momentum!, count) : new Float32Array(count),
  };
}

/** Reads the weights that every worker of the round starts from: one range of each shard, all at once. */
export async function readWeights(context: Context, round: number): Promise<Float32Array> {
  const { plan, job, models } = context;
  const known = models.get(job, round);
  if (known) return known;
  const weights = new Float32Array(plan.weightCount);
  await Promise.all(
    shards(plan).map(async (shard) => {
      const layout = modelLayout(plan, shard);
      const key = keys.model(job, round, shard);
      const bytes = await required(context, key, partsRange(layout, 0, 0));
      const [wire] = decodeParts(key, bytes, layout.slice(0, 1));
      const [from, to] = shardBounds(plan, shard);
      weights.set(codecs[wireCodec(plan)].decode(wire!.part, to - from), from);
    }),
  );
  models.set(job, round, weights);
  return weights;
}

/** Weights of the last rounds that this process has read. Keys are write-once, so what is kept can never be stale. */
export class ModelCache {
  readonly #kept = new Map<string, Float32Array>();

  get(job: string, round: number): Float32Array | undefined {
    return this.#kept.get(`${job}/${round}`);
  }

  set(job: string, round: number, weights: Float32Array): void {
    this.#kept.set(`${job}/${round}`, weights);
    if (this.#kept.size > 2) this.#kept.delete(this.#kept.keys().next().value!);
  }
}

async function required(context: ModelPlace, key: string, range: { offsetBytes: number; lengthBytes: number }) {
  const bytes = await context.store.get(key, range);
  if (!bytes) throw new UserError(`The object ${key} is gone; it was removed while the job still needed it.`, 1);
  return bytes;
}
