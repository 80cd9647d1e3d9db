import { appendFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { MemoryObjectStore } from "../../../worker-runtime/src/clouds/memory/object-store.ts";
import { decodeSafetensors } from "../../../worker-runtime/src/codec/safetensors.ts";
import { type CreateDatasetOptions, createDataset } from "../../../worker-runtime/src/data/create-dataset.ts";
import type { SplitName } from "../../../worker-runtime/src/data/dataset.ts";
import type { Row } from "../../../worker-runtime/src/data/types.ts";
import { BadRow, UserError } from "../../../worker-runtime/src/errors.ts";
import { sha256 } from "../../../worker-runtime/src/hash.ts";
import type { DataSection } from "../../../worker-runtime/src/job/document.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { dataSection, NumberEncoder, refusal } from "./support.ts";

describe("creating a dataset", () => {
  const folder = temporaryFolder();
  const put = (name: string, lines: readonly string[]) =>
    writeFileSync(path.join(folder(), name), ["x,id", ...lines, ""].join("\n"));
  const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `${(from + i) / 2},${from + i}`);
  const create = (section: Partial<DataSection> = {}, options: Partial<CreateDatasetOptions> = {}) =>
    createDataset({
      data: dataSection({ train: "train.csv", ...section }),
      folder: folder(),
      encoder: new NumberEncoder(),
      seed: 1,
      store: new MemoryObjectStore(),
      ...options,
    });

  /** The ids of each shard as they are stored, after checking that `x` is still beside its id. */
  async function idsOf(store: MemoryObjectStore, { hash, manifest }: Awaited<ReturnType<typeof create>>) {
    const bySplit = { train: [] as number[][], heldOut: [] as number[][] };
    let number = 0;
    for (const split of ["train", "heldOut"] as const) {
      for (const shard of manifest[split].shards) {
        const key = `datasets/${hash}/shards/${String(number++).padStart(5, "0")}.safetensors`;
        const bytes = (await store.get(key))!;
        expect(sha256(bytes)).to.equal(shard.sha256);
        expect(bytes.length).to.equal(shard.sizeBytes);
        const { tensors } = decodeSafetensors(bytes);
        const ids = Array.from(tensors.get("id")!.values);
        expect(Array.from(tensors.get("x")!.values)).to.deep.equal(ids.map((id) => id / 2));
        expect(ids).to.have.length(shard.examples);
        bySplit[split].push(ids);
      }
    }
    expect(await store.list(`datasets/${hash}/shards/`)).to.have.length(number);
    return bySplit;
  }

  it("stores every row once, in one of the splits, under the hash of its manifest", async () => {
    put("train.csv", numbers(1000));
    const store = new MemoryObjectStore();
    const created = await create({}, { store, shardBytes: 800 });
    const { train, heldOut } = await idsOf(store, created);
    expect([...train.flat(), ...heldOut.flat()].sort((a, b) => a - b)).to.deep.equal(numbers(1000).map((_, i) => i));
    expect(heldOut.flat()).to.have.length.within(60, 140);
    const manifest = (await store.get(`datasets/${created.hash}/manifest.json`))!;
    expect(sha256(manifest)).to.equal(created.hash);
    expect(JSON.parse(Buffer.from(manifest).toString())).to.deep.equal(created.manifest);
    expect(created.manifest.encoding).to.deep.equal({ rows: 1000 });
    expect(created.manifest.train.columns).to.deep.equal(new NumberEncoder().columns);
  });

  it("mixes the rows that train, a fair share of each stretch to each shard, and keeps those held out in order", async () => {
    put("train.csv", numbers(6000));
    put("test.csv", numbers(500, 6000));
    const store = new MemoryObjectStore();
    const created = await create({ heldOut: "test.csv" }, { store, shardBytes: 8000 });
    const { train, heldOut } = await idsOf(store, created);
    expect(train.map((ids) => ids.length)).to.deep.equal([1000, 1000, 1000, 1000, 1000, 1000]);
    for (const ids of train) {
      const firstHalf = ids.filter((id) => id < 3000).length;
      expect(firstHalf).to.be.within(480, 520);
      expect(ids).not.to.deep.equal(Array.from({ length: 1000 }, (_, i) => ids[0]! + 6 * i));
    }
    expect(heldOut.flat()).to.deep.equal(numbers(500).map((_, i) => 6000 + i));
  });

  it("gives the same dataset whenever it runs, and another one for another seed or row", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(1000), fc.integer({ min: 20, max: 400 }), async (seed, count) => {
        put("train.csv", numbers(count));
        const section = { heldOut: { fraction: 0.3 } };
        const { hash } = await create(section, { seed, shardBytes: 300 });
        expect((await create(section, { seed, shardBytes: 300 })).hash).to.equal(hash);
        expect((await create(section, { seed: seed + 1, shardBytes: 300 })).hash).not.to.equal(hash);
        put("train.csv", numbers(count).with(-1, "0,7"));
        expect((await create(section, { seed, shardBytes: 300 })).hash).not.to.equal(hash);
      }),
      { numRuns: 20 },
    );
  });

  it("gives the same bytes when the examples do not fit in memory", async () => {
    // 16 MiB are kept in memory, and these are 30 MB.
    const wide = () => ({
      observe: () => {},
      finish: () => {
        const columns = [
          { name: "a", type: "uint8" as const, shape: [100, 200] },
          { name: "b", type: "float32" as const, shape: [] },
        ];
        return { train: columns, heldOut: columns };
      },
      encode: ({ values }: Row) => ({ a: new Uint8Array(20_000).fill(Number(values.id)), b: [Number(values.id)] }),
      describe: () => ({}),
    });
    put("train.csv", numbers(1500));
    const store = new MemoryObjectStore();
    const { hash, manifest } = await create({}, { encoder: wide(), store });
    expect(manifest.train.shards).to.have.length(3);
    const seen: number[] = [];
    for (const { key } of await store.list(`datasets/${hash}/shards/`)) {
      const { tensors } = decodeSafetensors((await store.get(key))!);
      const [a, b] = [tensors.get("a")!.values, tensors.get("b")!.values];
      for (const [i, id] of b.entries()) {
        seen.push(id);
        expect(new Set(a.subarray(i * 20_000, (i + 1) * 20_000))).to.deep.equal(new Set([id % 256]));
      }
    }
    expect(seen.sort((a, b) => a - b)).to.deep.equal(numbers(1500).map((_, i) => i));
  });

  it("writes nothing for a dataset that is stored, and only what is missing of one that is not whole", async () => {
    put("train.csv", numbers(300));
    class CountingStore extends MemoryObjectStore {
      puts: string[] = [];
      override putIfAbsent(key: string, body: Uint8Array) {
        this.puts.push(key);
        return super.putIfAbsent(key, body);
      }
    }
    const store = new CountingStore();
    const first = await create({}, { store, shardBytes: 400 });
    expect(first.reused).to.equal(false);
    expect(store.puts.at(-1)).to.equal(`datasets/${first.hash}/manifest.json`);
    store.puts = [];
    expect(await create({}, { store, shardBytes: 400 })).to.deep.equal({ ...first, reused: true });
    expect(store.puts).to.deep.equal([]);

    const lost = [`datasets/${first.hash}/manifest.json`, `datasets/${first.hash}/shards/00002.safetensors`];
    for (const key of lost) await store.delete(key);
    await create({}, { store, shardBytes: 400 });
    expect(store.puts.toSorted()).to.deep.equal(lost);
  });

  it("holds out the newest rows", async () => {
    put("train.csv", numbers(100));
    const store = new MemoryObjectStore();
    const created = await create({ heldOut: { newest: 0.2 }, columns: { time: "id" } }, { store });
    expect((await idsOf(store, created)).heldOut.flat()).to.deep.equal(numbers(20).map((_, i) => 80 + i));
  });

  it("shows the encoder every row in file order, with its split, before the first is encoded", async () => {
    put("train.csv", numbers(50));
    put("test.csv", numbers(3, 50));
    const events: string[] = [];
    class Recorder extends NumberEncoder {
      override observe(row: Row, split?: SplitName) {
        events.push(`observe ${row.values.id} ${split}`);
      }
      override encode(row: Row, split?: SplitName) {
        events.push(`encode ${row.values.id} ${split}`);
        return super.encode(row);
      }
    }
    await create({ heldOut: "test.csv" }, { encoder: new Recorder() });
    const due = [...numbers(50).map((_, i) => `${i} train`), "50 heldOut", "51 heldOut", "52 heldOut"];
    expect(events).to.deep.equal([...due.map((row) => `observe ${row}`), ...due.map((row) => `encode ${row}`)]);
  });

  describe("with a row that cannot be used", () => {
    const broken: [what: string, line: string, says: string][] = [
      ["the reader", "1", "train.csv:5: 1 field where the header has 2."],
      ["the encoder", "1,bad", 'train.csv:5: "bad" is no id.'],
      [
        "a column of floats, for NaN",
        "one,1",
        'train.csv:5: column "x" cannot hold NaN: it takes finite numbers up to 3.4e38.',
      ],
      ["a column of floats, for what float32 cannot hold", "1e39,1", 'train.csv:5: column "x" cannot hold 1e+39: it'],
      [
        "a column of whole numbers",
        "1,2.5",
        'train.csv:5: column "id" cannot hold 2.5: it takes whole numbers from -2147',
      ],
      [
        "a column of whole numbers, for a large one",
        "1,3000000000",
        'train.csv:5: column "id" cannot hold 3000000000: ',
      ],
    ];
    for (const [what, line, says] of broken) {
      it(`names it: ${what}`, async () => {
        put("train.csv", numbers(40).with(3, line));
        const error = await create().catch((error) => error);
        expect(error).to.be.instanceOf(BadRow);
        expect(error.message.slice(0, says.length)).to.equal(says);
        expect(error.message).to.match(/`data\.onBadRow: skip`\.$/);
      });

      it(`leaves it out and counts it when told to: ${what}`, async () => {
        put("train.csv", numbers(40).with(3, line));
        const store = new MemoryObjectStore();
        const told: string[] = [];
        const onBadRow = (message: string) => told.push(message);
        const created = await create({ onBadRow: "skip", badRowLimit: 1 }, { store, onBadRow, shardBytes: 50 });
        const { train, heldOut } = await idsOf(store, created);
        const left = numbers(40).map((_, i) => i);
        expect([...train.flat(), ...heldOut.flat()].sort((a, b) => a - b)).to.deep.equal(left.toSpliced(3, 1));
        expect(created.manifest.skippedRows).to.equal(1);
        expect(told).to.have.length(1);
        expect(told[0]).to.match(/^train\.csv:5: /);
      });
    }

    it("stops at the limit, over all passes and both files", async () => {
      const times = numbers(60).with(2, "later,bad").with(4, "bad,4").with(6, "6,bad");
      put("train.csv", times);
      put("test.csv", numbers(10, 60).with(0, "0,bad"));
      const skip = (badRowLimit: number, section: Partial<DataSection> = {}) =>
        create({ onBadRow: "skip", badRowLimit, heldOut: "test.csv", ...section });
      expect((await skip(4)).manifest.skippedRows).to.equal(4);
      expect(await refusal(skip(3))).to.match(/^train\.csv:6: .* bad row 4, and `data\.badRowLimit` is 3/);
      const byTime = { heldOut: { newest: 0.2 }, columns: { time: "x" } };
      expect((await skip(3, byTime)).manifest.skippedRows).to.equal(3);
      expect(await refusal(skip(2, byTime))).to.match(/^train\.csv:8: /);
    });

    it("tells about the first few only", async () => {
      put(
        "train.csv",
        numbers(100).map((line, i) => (i % 3 === 0 ? "1,bad" : line)),
      );
      const told: string[] = [];
      const { manifest } = await create({ onBadRow: "skip" }, { onBadRow: (message) => told.push(message) });
      expect(manifest.skippedRows).to.equal(34);
      expect(told).to.have.length(5);
    });
  });

  it("says what to do about splits without rows", async () => {
    put("train.csv", []);
    put("test.csv", []);
    expect(await refusal(create())).to.equal("data.train (train.csv) has no rows. Is it the right file?");
    expect(await refusal(create({ heldOut: "test.csv" }))).to.match(/^data\.train \(train\.csv\) has no rows/);
    put("train.csv", numbers(3));
    expect(await refusal(create({ heldOut: "test.csv" }))).to.match(/^data\.heldOut \(test\.csv\) has no rows/);
    expect(await refusal(create({ heldOut: { fraction: 0.001 } }))).to.match(
      /of 3 rows `fraction: 0\.001` holds none out\. Make it larger/,
    );
    expect(await refusal(create({ heldOut: { newest: 0.999 }, columns: { time: "id" } }))).to.match(
      /leaves none to train on\. Make it smaller/,
    );
    put("train.csv", ["1,bad", "2,bad"]);
    expect(await refusal(create({ onBadRow: "skip" }))).to.match(
      /^data\.train \(train\.csv\) has no rows that can be used \(2 were left out/,
    );
    put("train.csv", ["one,1", "two,2"]);
    expect(await refusal(create({ onBadRow: "skip", heldOut: { fraction: 0.5 } }))).to.match(
      /no rows|holds none|leaves none/,
    );
  });

  it("notices files that change while they are read", async () => {
    for (const change of [
      () => appendFileSync(path.join(folder(), "train.csv"), "1,1\n"),
      () => put("train.csv", numbers(29)),
    ]) {
      put("train.csv", numbers(30));
      const encoder = new NumberEncoder();
      encoder.finish = () => {
        change();
        return { train: encoder.columns, heldOut: encoder.columns };
      };
      const error = await create({ heldOut: { fraction: 0.5 } }, { encoder }).catch((error) => error);
      expect(error).to.be.instanceOf(UserError);
      expect(error.message).to.match(/changed while they were read/);
    }
  });

  it("reports its progress up to the end of each stage", async () => {
    put("train.csv", numbers(200));
    const last = new Map<string, string>();
    const { manifest } = await create(
      {},
      { shardBytes: 400, onProgress: ({ stage, done, total }) => last.set(stage, `${done} of ${total}`) },
    );
    const shards = manifest.train.shards.length + manifest.heldOut.shards.length;
    expect(Object.fromEntries(last)).to.deep.equal({
      reading: "200 of undefined",
      encoding: "200 of 200",
      storing: `${shards} of ${shards}`,
    });
  });
});
