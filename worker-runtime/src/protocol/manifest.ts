import { canonicalJson, sha256 } from "../hash.ts";
import type { Plan } from "../job/plan.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { keys } from "./keys.ts";
import { seal, unseal } from "./sealed.ts";

/**
 * `manifests/<r>.json` closes a round: what it made, from what, and the hash of the manifest before it. The last
 * manifest's hash so stands for the whole training. A pure function of the plan: it holds no time and no place.
 */
export interface Manifest {
  readonly version: 1;
  readonly round: number;
  /** SHA-256 of the manifest of the round before; of plan.json in round 0. */
  readonly parent: string;
  /** Each shard of the model that the round made: its content hash, and the hash of the updates it came from. */
  readonly shards: readonly { readonly content: string; readonly inputs: string }[];
  /** The numerics that the round was made with. */
  readonly numerics: Plan["numerics"];
  /** Mean loss of the round's local steps; null in the last round. */
  readonly trainLoss: number | null;
  /** Held-out metrics of the weights that the round started from; null where they were not measured. */
  readonly metrics: Readonly<Record<string, number>> | null;
  /** The best measurement so far, and how many have followed it. */
  readonly best: { readonly round: number; readonly value: number; readonly since: number } | null;
}

export function encodeManifest(manifest: Manifest): Uint8Array {
  return Buffer.from(seal(manifest));
}

/** Reads a round's manifest; `hash` is what the next one names as its parent. */
export async function readManifest(store: ObjectStore, job: string, round: number) {
  const key = keys.manifest(job, round);
  const bytes = await store.get(key);
  if (!bytes) return undefined;
  const manifest = unseal<Manifest>(key, bytes);
  return { manifest, hash: sha256(`${canonicalJson(manifest)}\n`) };
}

/**
 * The first round that is not closed. Manifests are written in order and never removed, so doubling and halving finds it
 * in few requests, without a pointer that somebody would have to overwrite.
 */
export async function findHead(store: ObjectStore, job: string): Promise<number> {
  const closed = async (round: number) => (await store.head(keys.manifest(job, round))) !== undefined;
  if (!(await closed(0))) return 0;
  let below = 0;
  let above = 1;
  while (await closed(above)) {
    below = above;
    above *= 2;
  }
  while (above - below > 1) {
    const middle = Math.floor((below + above) / 2);
    if (await closed(middle)) below = middle;
    else above = middle;
  }
  return above;
}
