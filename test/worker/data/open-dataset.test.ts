import { expect } from "chai";
import fc from "fast-check";
import { MemoryObjectStore } from "../../../worker-runtime/src/clouds/memory/object-store.ts";
import { encodeSafetensors } from "../../../worker-runtime/src/codec/safetensors.ts";
import { openDataset } from "../../../worker-runtime/src/data/open-dataset.ts";
import type { Column, DatasetManifest, Examples, SplitInfo } from "../../../worker-runtime/src/data/types.ts";
import { canonicalJson, sha256 } from "../../../worker-runtime/src/hash.ts";
import { refusal } from "./support.ts";

const columns: readonly Column[] = [
  { name: "id", type: "int32", shape: [] },
  { name: "short", type: "float32", shape: [2, 3] },
  { name: "long", type: "uint8", shape: [5, 10] },
];

/** Notes what is asked of it, and can answer with something else than it stores. */
class TestStore extends MemoryObjectStore {
  readonly gets: string[] = [];
  mostAtOnce = 0;
  answer: (key: string, bytes: Uint8Array) => Uint8Array | undefined = (_, bytes) => bytes;
  #atOnce = 0;

  override async get(key: string) {
    this.gets.push(key);
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#atOnce);
    await new Promise(setImmediate);
    this.#atOnce--;
    const bytes = await super.get(key);
    return bytes && this.answer(key, bytes);
  }
}

/** A dataset of shards of these sizes. The values of an example follow from its id; ids count from 0, held out from 100. */
async function stored(trainSizes: readonly number[], heldOutSizes: readonly number[] = [3]) {
  const objects: Uint8Array[] = [];
  const split = (sizes: readonly number[], firstId: number): SplitInfo => {
    let nextId = firstId;
    const shards = sizes.map((examples) => {
      const ids = Array.from({ length: examples }, () => nextId++);
      const bytes = encodeSafetensors(
        new Map([
          ["id", { type: "I32", shape: [examples], values: Int32Array.from(ids) }],
          ["short", { type: "F32", shape: [examples, 2, 3], values: Float32Array.from(ids.flatMap(shortOf)) }],
          ["long", { type: "U8", shape: [examples, 5, 10], values: Uint8Array.from(ids.flatMap(longOf)) }],
        ]),
      );
      objects.push(bytes);
      return { sha256: sha256(bytes), examples, sizeBytes: bytes.length };
    });
    return { columns, examples: nextId - firstId, shards };
  };
  const [train, heldOut] = [split(trainSizes, 0), split(heldOutSizes, 100)];
  const manifest: DatasetManifest = { version: 1, train, heldOut, encoding: {}, skippedRows: 0 };
  return { ...(await storedManifest(manifest, objects)), manifest, objects };
}

async function storedManifest(manifest: unknown, objects: readonly Uint8Array[] = []) {
  const store = new TestStore();
  const body = Buffer.from(canonicalJson(manifest));
  const hash = sha256(body);
  for (const [i, bytes] of objects.entries()) await store.putIfAbsent(shardKey(hash, i), bytes);
  await store.putIfAbsent(`datasets/${hash}/manifest.json`, body);
  return { store, hash };
}

function shardKey(hash: string, number: number): string {
  return `datasets/${hash}/shards/${String(number).padStart(5, "0")}.safetensors`;
}

function shortOf(id: number): number[] {
  return Array.from({ length: 6 }, (_, i) => id + i / 8);
}

function longOf(id: number): number[] {
  return Array.from({ length: 50 }, (_, i) => (7 * id + i) % 256);
}

function expectExamples({ count, columns }: Examples, ids: readonly number[]): void {
  expect(count).to.equal(ids.length);
  expect(columns.id).to.deep.equal(Int32Array.from(ids));
  expect(columns.short).to.deep.equal(Float32Array.from(ids.flatMap(shortOf)));
  expect(columns.long).to.deep.equal(Uint8Array.from(ids.flatMap(longOf)));
}

describe("an opened dataset", () => {
  it("gives the examples of any positions, in batches of any size", async () => {
    const { store, hash } = await stored([4, 1, 7, 3], [5, 2]);
    const dataset = await openDataset(store, hash);
    const request = fc
      .constantFrom(["train", 15, 0] as const, ["heldOut", 7, 100] as const)
      .chain(([split, total, first]) =>
        fc.record({
          split: fc.constant(split),
          first: fc.constant(first),
          positions: fc.array(fc.nat(total - 1), { maxLength: 20 }),
          sizes: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 3 }),
        }),
      );
    await fc.assert(
      fc.asyncProperty(request, async ({ split, first, positions, sizes }) => {
        const loaded = await dataset.load(split, Float64Array.from(positions));
        for (let from = 0, i = 0; from < positions.length; i++) {
          const to = Math.min(positions.length, from + sizes[i % sizes.length]!);
          const ids = positions.slice(from, to).map((position) => first + position);
          expectExamples(loaded.batch(from, to), ids);
          from = to;
        }
      }),
    );
  });

  it("fetches only the shards that it needs, each once, at most eight at a time", async () => {
    const { store, hash } = await stored(new Array(20).fill(2));
    const dataset = await openDataset(store, hash);
    store.gets.length = 0;
    await dataset.load("train", Float64Array.of(7, 6, 30, 7));
    expect(store.gets).to.deep.equal([shardKey(hash, 3), shardKey(hash, 15)]);
    await Promise.all([dataset.load("train", Float64Array.of(0, 31)), dataset.load("train", Float64Array.of(1))]);
    expect(store.gets.slice(2)).to.deep.equal([shardKey(hash, 0)]);
    store.mostAtOnce = 0;
    await dataset.load(
      "train",
      Float64Array.from({ length: 40 }, (_, i) => i),
    );
    expect(store.mostAtOnce).to.equal(8);
    expect(new Set(store.gets).size).to.equal(store.gets.length);
  });

  it("keeps the shards used last, as many as the cache may hold, and still gives what is no longer kept", async () => {
    const { store, hash, objects } = await stored([2, 2, 2]);
    const dataset = await openDataset(store, hash, { cacheBytes: 2 * objects[0]!.length });
    store.gets.length = 0;
    const load = (...positions: number[]) => dataset.load("train", Float64Array.from(positions));
    await load(0);
    await load(2);
    await load(0);
    await load(4);
    await load(0);
    expect(store.gets.map((key) => key.slice(-13, -12))).to.deep.equal(["0", "1", "2"]);
    const all = await load(0, 1, 2, 3, 4, 5);
    expectExamples(all.batch(0, 6), [0, 1, 2, 3, 4, 5]);
  });

  it("refuses a shard with any bit flipped, cut short or missing, names its key, and reads it once it is whole", async () => {
    const { store, hash, objects } = await stored([4, 4]);
    const key = shardKey(hash, 1);
    const dataset = await openDataset(store, hash);
    const damages: [RegExp, (bytes: Uint8Array) => Uint8Array | undefined][] = [
      [/missing/, () => undefined],
      [/has \d+ bytes where \d+ were written/, (bytes) => bytes.subarray(0, -1)],
    ];
    for (const at of [0, 9, objects[1]!.length - 1]) {
      const flip = (bytes: Uint8Array) => bytes.with(at, bytes[at]! ^ 16);
      damages.push([/at least one bit has flipped/, flip]);
    }
    for (const [says, damage] of damages) {
      store.answer = (asked, bytes) => (asked === key ? damage(bytes) : bytes);
      const message = await refusal(dataset.load("train", Float64Array.of(0, 5)));
      expect(message).to.match(says);
      expect(message).to.contain(key).and.to.contain(`Delete the folder datasets/${hash} in the store and run`);
    }
    store.answer = (_, bytes) => bytes;
    expectExamples((await dataset.load("train", Float64Array.of(0, 5))).batch(0, 2), [0, 5]);
  });

  it("refuses a manifest that is missing, changed or of another version", async () => {
    const { store, hash } = await stored([4]);
    expect(await refusal(openDataset(store, "0".repeat(64)))).to.match(/The store has no dataset 0000/);
    store.answer = (_, bytes) => bytes.with(12, bytes[12]! ^ 1);
    expect(await refusal(openDataset(store, hash))).to.contain(`datasets/${hash}/manifest.json is damaged`);
    const newer = await storedManifest({ version: 2 });
    expect(await refusal(openDataset(newer.store, newer.hash))).to.match(/written by another version of Trivet/);
  });
});
