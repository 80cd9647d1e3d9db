import { UserError } from "../errors.ts";
import { canonicalJson } from "../hash.ts";
import { type FieldDifference, fieldsThatDiffer } from "../job/differences.ts";
import type { ParameterSlot, Plan } from "../job/plan.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { decodeHead, headRange } from "./bundle.ts";
import { keys } from "./keys.ts";
import { findHead, type Manifest, readManifest } from "./manifest.ts";
import { readModelShard, shardBounds, shards } from "./model-shards.ts";
import { readJob, readNewestResult, type StoredJob } from "./run-record.ts";
import { trains } from "./update.ts";

/** A job in the store that has it. */
export interface JobSide {
  readonly store: ObjectStore;
  readonly job: string;
}

/** The first tensor of two models whose bits differ. */
export interface TensorDifference {
  readonly name: string;
  /** How many of its values have other bits, of how many. */
  readonly differing: number;
  readonly count: number;
  readonly largestDifference: number;
  /** The first one, counted in the tensor's row-major order, as it is on each side. */
  readonly index: number;
  readonly values: readonly [number, number];
}

export interface JobDiff {
  readonly jobs: readonly [string, string];
  /** Fields of the two job documents and plans that differ; a job's name is none. */
  readonly fields: readonly FieldDifference[];
  /** Whether everything that could be compared has the same bits. */
  readonly same: boolean;
  /** Rounds that are closed in each job. */
  readonly closedRounds: readonly [number, number];
  /** SHA-256 of the final weights of each, where there is a result. */
  readonly weightsHashes: readonly [string | undefined, string | undefined];
  /** The parameters, where they are not the same tensors: then there are no bits to compare. */
  readonly otherParameters?: readonly [string, string];
  /** The first round that cannot be compared: weights are gone, and the hashes tell nothing since the jobs are made otherwise. */
  readonly undecided?: number;
  readonly first?: {
    /** The first round whose starting weights differ; `rounds` is the model after the last one. */
    readonly round: number;
    /** Left out where the weights of one side have been removed; the hashes in the manifests still tell. */
    readonly tensor?: TensorDifference;
    /** Workers whose updates of the round before have other bits, as far as they are stored. */
    readonly workers: readonly number[];
  };
}

/**
 * Where two jobs part: follows both chains of rounds until the models have other bits, and names the tensor. Rounds whose
 * weights have been removed are compared by the hashes in their manifests. Throws `UserError` for a job that does not exist.
 */
export async function diffJobs(left: JobSide, right: JobSide): Promise<JobDiff> {
  const sides: Sides = [await open(left), await open(right)];
  const found = await firstDifference(sides);
  const weightsHashes = await both(
    sides,
    async ({ store, job }) => (await readNewestResult(store, job))?.result.weightsHash,
  );
  const [one, other] = weightsHashes;
  return {
    jobs: [left.job, right.job],
    fields: fieldsThatDiffer(sides.map(({ document, plan }) => comparable(document, plan))),
    same: Object.keys(found).length === 0 && (one === undefined || other === undefined || one === other),
    closedRounds: await both(sides, ({ store, job }) => findHead(store, job)),
    weightsHashes,
    ...found,
  };
}

type OpenSide = JobSide & StoredJob;
type Sides = readonly [OpenSide, OpenSide];

async function open(side: JobSide): Promise<OpenSide> {
  const stored = await readJob(side.store, side.job);
  if (!stored) throw new UserError(`There is no job ${side.job} in its store.`);
  return { ...side, ...stored };
}

/** What a person wrote and what was decided from it; fields that stand in both are taken from the document. */
function comparable({ $schema: _, name: __, ...document }: StoredJob["document"], plan: Plan): object {
  const { datasetHash, rounds, partSteps, reducers } = plan;
  return { ...document, plan: { datasetHash, rounds, partSteps, reducers } };
}

type Found = Pick<JobDiff, "otherParameters" | "undecided" | "first">;

async function firstDifference(sides: Sides): Promise<Found> {
  const otherParameters = parametersThatDiffer(sides);
  if (otherParameters) return { otherParameters };
  let before: readonly [Manifest, Manifest] | undefined;
  for (let round = 0; ; round++) {
    // Equal hashes save the reading of the weights.
    const found = before && hashesAreEqual(before) ? "same" : await compareModels(sides, round, before);
    if (found === "undecided") return { undecided: round };
    if (found !== "same") return { first: found };
    const [left, right] = await both(sides, ({ store, job }) => readManifest(store, job, round));
    if (!left || !right || !sides.every(({ plan }) => trains(plan, round))) return {};
    before = [left.manifest, right.manifest];
  }
}

/** The models that a round starts from; `before` are the manifests of the round that made them. */
async function compareModels(
  sides: Sides,
  round: number,
  before: readonly [Manifest, Manifest] | undefined,
): Promise<NonNullable<JobDiff["first"]> | "same" | "undecided"> {
  const [left, right] = await both(sides, (side) => readModel(side, round));
  const tensor = left && right && tensorThatDiffers(sides[0].plan.parameters, left, right);
  const known = left !== undefined && right !== undefined;
  if (known && !tensor) return "same";
  // Of the first weights there is no manifest; those of the next round tell.
  if (!known && !before) return "same";
  if (!known && !hashesCompare(sides)) return "undecided";
  return { round, ...(tensor && { tensor }), workers: round === 0 ? [] : await workersThatDiffer(sides, round - 1) };
}

const both = async <T>(sides: Sides, read: (side: OpenSide) => Promise<T>): Promise<readonly [T, T]> => [
  await read(sides[0]),
  await read(sides[1]),
];

function hashesAreEqual([left, right]: readonly [Manifest, Manifest]): boolean {
  return canonicalJson(left.shards) === canonicalJson(right.shards);
}

/** Hashes of shards that are cut otherwise, come from other updates, or hold other things beside the weights, tell nothing. */
function hashesCompare([{ plan: left }, { plan: right }]: Sides): boolean {
  return (["reducers", "workers", "codec", "outerMomentum"] as const).every((field) => left[field] === right[field]);
}

/** The first parameter that is not the same tensor on both sides, in words; undefined where all are. */
function parametersThatDiffer([left, right]: Sides): readonly [string, string] | undefined {
  const words = ({ plan }: OpenSide, i: number) => {
    const slot = plan.parameters[i];
    return slot ? `${slot.name} [${slot.shape.join(", ")}]` : "none";
  };
  const count = Math.max(left.plan.parameters.length, right.plan.parameters.length);
  for (let i = 0; i < count; i++) {
    const pair = [words(left, i), words(right, i)] as const;
    if (pair[0] !== pair[1]) return pair;
  }
  return undefined;
}

/** All weights in full precision; undefined where a shard has been removed. */
async function readModel({ store, job, plan }: OpenSide, round: number): Promise<Float32Array | undefined> {
  const weights = new Float32Array(plan.weightCount);
  for (const shard of shards(plan)) {
    if (!(await store.head(keys.model(job, round, shard)))) return undefined;
    const { weights: part } = await readModelShard({ store, job, plan }, round, shard);
    weights.set(part, shardBounds(plan, shard)[0]);
  }
  return weights;
}

function tensorThatDiffers(
  parameters: readonly ParameterSlot[],
  left: Float32Array,
  right: Float32Array,
): TensorDifference | undefined {
  const bits = [left, right].map((values) => new Uint32Array(values.buffer, values.byteOffset, values.length));
  for (const { name, offset, length } of parameters) {
    const places = Array.from({ length }, (_, i) => offset + i).filter((i) => bits[0]![i] !== bits[1]![i]);
    if (places.length === 0) continue;
    const [first] = places as [number];
    const largestDifference = places.reduce((most, i) => Math.max(most, Math.abs(left[i]! - right[i]!)), 0);
    const values = [left[first]!, right[first]!] as const;
    return { name, differing: places.length, count: length, largestDifference, index: first - offset, values };
  }
  return undefined;
}

/** Workers whose updates differ, as the hashes in their heads tell; those that are stored on one side alone are passed over. */
async function workersThatDiffer(sides: Sides, round: number): Promise<number[]> {
  const differing: number[] = [];
  const workers = Math.min(sides[0].plan.workers, sides[1].plan.workers);
  for (let worker = 0; worker < workers; worker++) {
    const [left, right] = await both(sides, async ({ store, job }) => {
      const key = keys.update(job, round, worker);
      const head = await store.get(key, headRange);
      return head && decodeHead(key, head).contentHash;
    });
    if (left && right && left !== right) differing.push(worker);
  }
  return differing;
}
