import { UserError } from "../errors.ts";
import { canonicalJson, sha256 } from "../hash.ts";
import type { Plan } from "../job/plan.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { Divergence, RoundRecord } from "../result/run-record.ts";
import { type BundleLayout, decodeHead, decodeParts, headBytes } from "./bundle.ts";
import type { ResultManifest } from "./finish.ts";
import { keys } from "./keys.ts";
import { type Manifest, readManifest } from "./manifest.ts";
import { modelLayout, shards } from "./model-shards.ts";
import type { ModelReport } from "./reduce.ts";
import { readDivergences, readJob, readNewestResult, readRounds } from "./run-record.ts";
import { trains, updateLayout } from "./update.ts";

export interface Verification {
  readonly plan: Plan;
  readonly rounds: readonly RoundRecord[];
  readonly divergences: readonly Divergence[];
  /** What does not fit together, a sentence each; empty when everything does. */
  readonly problems: readonly string[];
  /** Undefined while the job has no result. */
  readonly result: ResultManifest | undefined;
}

/**
 * Checks everything that a job has stored, from the plan to the result: each round's manifest names the hash of the one
 * before, each model the hash of the updates it came from, each part its own hash. Objects that garbage collection has
 * removed are passed over; their hashes stay in the chain. Throws UserError when there is no such job.
 */
export async function verifyJob(store: ObjectStore, job: string): Promise<Verification> {
  const stored = await readJob(store, job);
  if (!stored) throw new UserError(`There is no job ${job} in this store.`);
  const { plan } = stored;
  const problems = await verifyFirstModel(store, plan);
  let parent = sha256(canonicalJson(plan));
  const chain = [parent];
  for (let round = 0; ; round++) {
    const closed = await readManifest(store, job, round);
    if (!closed) break;
    if (closed.manifest.parent !== parent)
      problems.push(`The manifest of round ${round} does not follow from the one before.`);
    parent = closed.hash;
    chain.push(parent);
    problems.push(...(await verifyRound(store, plan, closed.manifest)));
  }
  const { result, keyOf } = (await readNewestResult(store, job)) ?? {};
  if (result) problems.push(...(await verifyResult(store, keyOf!, result, chain)));
  return {
    plan,
    rounds: await readRounds(store, job),
    divergences: await readDivergences(store, job),
    problems,
    result,
  };
}

/** Nothing names the hash of the first model, but it has its own. */
async function verifyFirstModel(store: ObjectStore, plan: Plan): Promise<string[]> {
  return collect(async () => {
    for (const shard of shards(plan)) await readBundle(store, keys.model(plan.job, 0, shard), modelLayout(plan, shard));
  });
}

async function verifyRound(store: ObjectStore, plan: Plan, { round, shards: made }: Manifest): Promise<string[]> {
  return collect(async (problem) => {
    const updates = await readUpdates(store, plan, round);
    if (!trains(plan, round)) return;
    for (const shard of shards(plan)) {
      const key = keys.model(plan.job, round + 1, shard);
      const model = await readBundle(store, key, modelLayout(plan, shard));
      if (!model) continue;
      if (model.contentHash !== made[shard]?.content)
        problem(`${key} is not the model that the manifest of round ${round} names.`);
      if (updates && hashOf(updates.map((parts) => parts[shard]!)) !== (model.report as ModelReport).inputs)
        problem(`${key} was not made from the updates of round ${round} that are stored.`);
    }
  });
}

/** The hashes of the parts of every update; undefined when an update has been removed. */
async function readUpdates(store: ObjectStore, plan: Plan, round: number): Promise<string[][] | undefined> {
  const updates: string[][] = [];
  for (let worker = 0; worker < plan.workers; worker++) {
    const update = await readBundle(store, keys.update(plan.job, round, worker), updateLayout(plan, round));
    if (!update) return undefined;
    updates.push(update.partHashes);
  }
  return updates;
}

/** Reads an object whole and checks every hash that it holds; undefined when it has been removed. */
async function readBundle(store: ObjectStore, key: string, layout: BundleLayout) {
  const stored = await store.get(key);
  if (!stored) return undefined;
  const head = decodeHead(key, stored);
  const partHashes = decodeParts(key, stored.subarray(headBytes), layout).map(({ hash }) => hash);
  if (head.contentHash !== hashOf([head.reportHash, ...partHashes]))
    throw new UserError(`${key} does not have the hash that it names.`, 1);
  return { ...head, partHashes };
}

/** SHA-256 over hashes, one after the other. */
function hashOf(hashes: readonly string[]): string {
  return sha256(Buffer.from(hashes.join(""), "hex"));
}

async function verifyResult(
  store: ObjectStore,
  keyOf: (file: string) => string,
  result: ResultManifest,
  chain: string[],
) {
  const problems: string[] = [];
  // After a cancel, a round that was under way may still be closed behind the result.
  const from = result.state === "cancelled" ? chain.slice(result.round) : chain.slice(-1);
  if (!from.includes(result.chainHash)) problems.push("The result does not come from the last round.");
  for (const [name, hash] of Object.entries(result.files)) {
    const stored = await store.get(keyOf(name));
    if (!stored) problems.push(`The result's file ${name} is gone.`);
    else if (sha256(stored) !== hash) problems.push(`The result's file ${name} is not the one that was written.`);
  }
  return problems;
}

/** Damage found on the way is a problem like any other. */
async function collect(check: (problem: (text: string) => void) => Promise<void>): Promise<string[]> {
  const problems: string[] = [];
  try {
    await check((text) => problems.push(text));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    problems.push(error.message);
  }
  return problems;
}
