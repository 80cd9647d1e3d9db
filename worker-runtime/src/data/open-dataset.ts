import { decodeSafetensors } from "../codec/safetensors.ts";
import { UserError } from "../errors.ts";
import { sha256 } from "../hash.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { newValues, valuesPerExample } from "./column-block.ts";
import { concurrently } from "./concurrently.ts";
import type { Dataset, SplitName } from "./dataset.ts";
import { datasetKeys } from "./keys.ts";
import { startsOf } from "./order.ts";
import type { Column, ColumnValues, DatasetManifest, Examples, ShardInfo } from "./types.ts";

const getsAtOnce = 8;
const defaultCacheBytes = 2 ** 28;

/**
 * Opens a stored dataset. `cacheBytes` (default 256 MiB) bounds the shards that are kept besides those in use.
 * Throws `UserError` when there is none, or when what is stored is not what was written.
 */
export async function openDataset(
  store: ObjectStore,
  hash: string,
  { cacheBytes = defaultCacheBytes }: { readonly cacheBytes?: number } = {},
): Promise<Dataset> {
  const key = datasetKeys.manifest(hash);
  const bytes = await store.get(key);
  if (!bytes)
    throw new UserError(`The store has no dataset ${hash}. Run \`trivet train\` again: it makes the dataset anew.`);
  if (sha256(bytes) !== hash) throw damaged(key, hash, "its SHA-256 is not the dataset's hash");
  const manifest: DatasetManifest = JSON.parse(Buffer.from(bytes).toString());
  if (manifest.version !== 1) {
    throw new UserError(`${key} was written by another version of Trivet (${manifest.version}). Use that version.`);
  }
  return new StoredDataset(store, hash, manifest, cacheBytes);
}

/** The columns of a shard's examples. */
type Shard = ReadonlyMap<string, ColumnValues>;

class StoredDataset implements Dataset {
  readonly hash: string;
  readonly manifest: DatasetManifest;
  readonly #store: ObjectStore;
  readonly #cacheBytes: number;
  readonly #starts: Readonly<Record<SplitName, readonly number[]>>;
  /** Shards by number, the one that was used last at the end. */
  readonly #cache = new Map<number, { readonly shard: Promise<Shard>; readonly sizeBytes: number }>();
  #cachedBytes = 0;

  constructor(store: ObjectStore, hash: string, manifest: DatasetManifest, cacheBytes: number) {
    this.hash = hash;
    this.manifest = manifest;
    this.#store = store;
    this.#cacheBytes = cacheBytes;
    this.#starts = { train: startsOf(manifest.train), heldOut: startsOf(manifest.heldOut) };
  }

  async load(split: SplitName, positions: Float64Array): Promise<{ batch(from: number, to: number): Examples }> {
    const places = locate(positions, this.#starts[split], this.manifest[split].examples);
    const shards: Shard[] = [];
    await concurrently([...new Set(places.shards)], getsAtOnce, async (shard) => {
      shards[shard] = await this.#shard(split, shard);
    });
    return new LoadedExamples(this.manifest[split].columns, shards, places);
  }

  #shard(split: SplitName, shard: number): Promise<Shard> {
    const number = split === "train" ? shard : this.manifest.train.shards.length + shard;
    const { columns, shards } = this.manifest[split];
    const info = shards[shard]!;
    const cached = this.#cache.get(number);
    const entry = cached ?? { shard: this.#fetch(number, info, columns), sizeBytes: info.sizeBytes };
    this.#cache.delete(number);
    this.#cache.set(number, entry);
    if (cached) return cached.shard;
    // A failed fetch is tried again the next time.
    entry.shard.catch(() => this.#forget(number));
    this.#cachedBytes += info.sizeBytes;
    for (const oldest of this.#cache.keys()) {
      if (this.#cachedBytes <= this.#cacheBytes || oldest === number) break;
      this.#forget(oldest);
    }
    return entry.shard;
  }

  #forget(number: number): void {
    this.#cachedBytes -= this.#cache.get(number)?.sizeBytes ?? 0;
    this.#cache.delete(number);
  }

  async #fetch(number: number, info: ShardInfo, columns: readonly Column[]): Promise<Shard> {
    const key = datasetKeys.shard(this.hash, number);
    const bytes = await this.#store.get(key);
    if (!bytes) throw damaged(key, this.hash, "it is missing");
    if (bytes.length !== info.sizeBytes) {
      throw damaged(key, this.hash, `it has ${bytes.length} bytes where ${info.sizeBytes} were written`);
    }
    if (sha256(bytes) !== info.sha256)
      throw damaged(key, this.hash, "at least one bit has flipped (its SHA-256 differs)");
    const { tensors } = decodeSafetensors(bytes, key);
    return new Map(columns.map(({ name }) => [name, tensors.get(name)!.values as ColumnValues]));
  }
}

/** Where examples lie: the shard of each, and its place in there. */
interface Places {
  readonly shards: Int32Array;
  readonly offsets: Int32Array;
}

function locate(positions: Float64Array, starts: readonly number[], examples: number): Places {
  const places = { shards: new Int32Array(positions.length), offsets: new Int32Array(positions.length) };
  let shard = 0;
  for (let i = 0; i < positions.length; i++) {
    const position = positions[i]!;
    if (!(position >= 0 && position < examples)) throw new RangeError(`position ${position} of ${examples} examples`);
    // Neighbours in the training order mostly share a shard.
    if (position < starts[shard]! || position >= (starts[shard + 1] ?? examples)) shard = shardAt(position, starts);
    places.shards[i] = shard;
    places.offsets[i] = position - starts[shard]!;
  }
  return places;
}

function shardAt(position: number, starts: readonly number[]): number {
  let low = 0;
  let high = starts.length;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (starts[middle]! <= position) low = middle;
    else high = middle;
  }
  return low;
}

class LoadedExamples {
  readonly #places: Places;
  readonly #gatherers: readonly { name: string; size: number; shards: ColumnValues[]; column: Column }[];
  #buffers: ColumnValues[] = [];
  #capacity = 0;

  constructor(columns: readonly Column[], shards: readonly Shard[], places: Places) {
    this.#places = places;
    this.#gatherers = columns.map((column) => ({
      name: column.name,
      column,
      size: valuesPerExample(column),
      shards: shards.map((shard) => shard.get(column.name)!),
    }));
  }

  batch(from: number, to: number): Examples {
    const count = to - from;
    if (count > this.#capacity) {
      this.#capacity = count;
      this.#buffers = this.#gatherers.map(({ column }) => newValues(column, count));
    }
    const columns: Record<string, ColumnValues> = {};
    for (const [i, { name, size, shards }] of this.#gatherers.entries()) {
      const target = this.#buffers[i]!.subarray(0, count * size);
      gather(target, size, shards, this.#places, from);
      columns[name] = target;
    }
    return { count, columns };
  }
}

/** Up to this length copying value by value is faster than making a view for each example. */
const shortLength = 24;

function gather(target: ColumnValues, size: number, sources: ColumnValues[], places: Places, from: number): void {
  for (let to = 0, i = from; to < target.length; to += size, i++) {
    const source = sources[places.shards[i]!]!;
    const start = places.offsets[i]! * size;
    if (size > shortLength) target.set(source.subarray(start, start + size), to);
    else for (let k = 0; k < size; k++) target[to + k] = source[start + k]!;
  }
}

function damaged(key: string, hash: string, what: string): UserError {
  return new UserError(
    `${key} is damaged: ${what}. Delete the folder datasets/${hash} in the store and run \`trivet train\` again: ` +
      "the dataset is made anew from its source, with the same hash, and the job goes on.",
    3,
  );
}
