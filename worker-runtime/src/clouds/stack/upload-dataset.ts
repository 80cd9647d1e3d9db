import { concurrently } from "../../data/concurrently.ts";
import type { CreatedDataset } from "../../data/create-dataset.ts";
import { datasetKeys } from "../../data/keys.ts";
import { UserError } from "../../errors.ts";
import { canonicalJson, sha256 } from "../../hash.ts";
import type { RunEvent } from "../../job/events.ts";
import type { ObjectStore } from "../../ports/object-store.ts";
import { everySecond } from "../every-second.ts";
import { systemClock } from "../local/clock.ts";

const uploadsAtOnce = 4;

/**
 * Brings a dataset from one store to another, once: its keys hold its hash, so what is there already is left alone. The
 * manifest comes last, so a dataset that has one is whole, and an upload that was broken off goes on.
 * Throws `UserError` when a shard in `from` is not what was written.
 */
export async function uploadDataset(
  from: ObjectStore,
  to: ObjectStore,
  { hash, manifest }: Pick<CreatedDataset, "hash" | "manifest">,
  { signal, onEvent }: { readonly signal: AbortSignal; readonly onEvent: (event: RunEvent) => void },
): Promise<void> {
  if (await to.head(datasetKeys.manifest(hash))) return;
  const stored = new Set((await to.list(datasetKeys.shards(hash))).map(({ key }) => key));
  const shards = [...manifest.train.shards, ...manifest.heldOut.shards];
  const missing = shards
    .map((shard, number) => ({ ...shard, key: datasetKeys.shard(hash, number) }))
    .filter(({ key }) => !stored.has(key));
  const total = missing.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const tell = everySecond(systemClock, onEvent);
  let done = 0;
  await concurrently(missing, uploadsAtOnce, async ({ key, sha256: expected, sizeBytes }) => {
    signal.throwIfAborted();
    const bytes = await from.get(key);
    if (!bytes || sha256(bytes) !== expected) throw damaged(key, hash);
    await to.putIfAbsent(key, bytes);
    done += sizeBytes;
    tell({ type: "progress", stage: "uploading", done, total });
  });
  const body = Buffer.from(canonicalJson(manifest));
  if (sha256(body) !== hash) throw damaged(datasetKeys.manifest(hash), hash);
  await to.putIfAbsent(datasetKeys.manifest(hash), body);
  onEvent({ type: "notice", text: `Uploaded ${megabytes(total)} of data.` });
}

function megabytes(sizeBytes: number): string {
  return sizeBytes < 1e6 ? `${Math.ceil(sizeBytes / 1000)} kB` : `${(sizeBytes / 1e6).toFixed(1)} MB`;
}

function damaged(key: string, hash: string): UserError {
  return new UserError(
    `${key} on this machine is damaged or gone. Delete the folder datasets/${hash} in the local store (.trivet, or what ` +
      "--store names) and submit again: the dataset is made anew from its source.",
  );
}
