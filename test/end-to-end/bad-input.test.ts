import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { LocalObjectStore } from "../../worker-runtime/src/clouds/local/object-store.ts";
import { keys } from "../../worker-runtime/src/protocol/keys.ts";
import { findHead } from "../../worker-runtime/src/protocol/manifest.ts";
import { type Ended, runTrivet } from "../cli/run-trivet.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { type JobChanges, long, writeSmallJob } from "./small-job.ts";
import { identity, trainUntil, undisturbed } from "./train-here.ts";

const texts = { kind: "text-classification", buckets: 1024, featuresPerText: 64 };

describe("what cannot be trained", function () {
  this.timeout(600_000);
  const folder = temporaryFolder();
  const train = (...args: string[]) => runTrivet(folder(), ["train", "job.json", "--store", "store", ...args]);
  const write = (name: string, text: string) => writeFileSync(join(folder(), name), text);

  /** A user's mistake: one sentence or a list, no stack, nothing on standard output. */
  const expectTold = ({ exitCode, stdout, stderr }: Ended, code: number, told: string) => {
    expect({ exitCode, stdout, stderr }).to.deep.equal({ exitCode: code, stdout: "", stderr: told });
  };

  it("tells all five mistakes of a job at once, each with its place", async () => {
    write(
      "job.yaml",
      `name: My Reviews
model: { kind: text-classification, bucket: 1024 }
data: { train: reviews.csv, heldOut: { fraction: 1.5 } }
training: { batchSize: 8, learningRate: fast }
workers: 0
rounds: { count: 6 }
`,
    );
    expectTold(
      await runTrivet(folder(), ["train"]),
      2,
      `error: job.yaml has 5 problems:
job.yaml:1:1 name: found "My Reviews"; a name is 1 to 40 small letters, digits and hyphens, and starts with a letter
job.yaml:2:37 model.bucket: unknown field; did you mean \`buckets\`?
job.yaml:3:40 data.heldOut.fraction: found 1.5; expected a number above 0 and below 1
job.yaml:4:27 training.learningRate: found "fast"; expected a number from 0 to 1000000
job.yaml:5:1 workers: found 0; expected a whole number from 1 to 1000
`,
    );
  });

  const inputs: [title: string, changes: JobChanges, files: Record<string, string>, told: string][] = [
    [
      "a row with too many fields",
      {},
      { "ratings.csv": "user,item,rating\nu1,i1,3\nu2,i2,4,5\n" },
      "ratings.csv:3: 4 fields where the header has 3. Mend the row, or leave such rows out with `data.onBadRow: skip`.",
    ],
    [
      "a label that the training examples never have",
      { model: texts, data: { train: "train.csv", heldOut: "held.csv" } },
      { "train.csv": "text,label\nfine,good\ndull,bad\n", "held.csv": "text,label\ngreat,good\nodd,strange\n" },
      'held.csv:3: label "strange" never occurs in the training examples, which have bad, good. ' +
        "Mend the row, or leave such rows out with `data.onBadRow: skip`.",
    ],
    ["an empty file", {}, { "ratings.csv": "" }, "data.train (ratings.csv) has no rows. Is it the right file?"],
    [
      "a header without rows",
      {},
      { "ratings.csv": "user,item,rating\n" },
      "data.train (ratings.csv) has no rows. Is it the right file?",
    ],
  ];
  for (const [title, changes, files, told] of inputs)
    it(`names ${title}, and stores nothing`, async () => {
      await writeSmallJob(folder(), changes);
      for (const [name, text] of Object.entries(files)) write(name, text);
      expectTold(await train(), 2, `error: ${told}\n`);
      expect(readdirSync(join(folder(), "store"))).to.have.members(["logs", "tmp", "trivet-store.json"]);
    });

  it("ends a training that diverges with what to change, and says the same when it is asked again", async () => {
    await writeSmallJob(folder(), { training: { batchSize: 16, learningRate: 1e6 } });
    const told =
      /\nThe job failed: The loss became (NaN|Infinity) in round \d, worker \d, by local step \d: the training diverged\. Lower training\.learningRate \(now 1000000\), .*\n$/;
    const first = await train();
    expect(first).to.include({ exitCode: 1, stdout: "" });
    expect(first.stderr).to.match(told);
    const again = await train();
    expect(again).to.include({ exitCode: 1, stdout: "" });
    expect(again.stderr)
      .to.match(told)
      .and.to.match(/^small-\w+ has failed before; --again tries once more\.$/m);
  });

  it("refuses a store that another version wrote, or that is none", async () => {
    await writeSmallJob(folder());
    await LocalObjectStore.open(join(folder(), "store"));
    const file = join(folder(), "store/trivet-store.json");
    write("store/trivet-store.json", '{"format":2}\n');
    const told = (says: string) =>
      `error: ${file} says ${says}, but this Trivet reads {"format":1}: another version wrote this store. ` +
      "Use that version, or choose another folder with --store.\n";
    expectTold(await train(), 2, told('{"format":2}'));
    write("occupied", "a file");
    const occupied = await runTrivet(folder(), ["train", "job.json", "--store", "occupied"]);
    const sentence = "cannot be a folder: it, or one above it, is a file. Choose another with --store.";
    expectTold(occupied, 2, `error: ${join(folder(), "occupied")} ${sentence}\n`);
  });

  it("names a damaged shard, and goes on to the same bits once it is mended as the sentence says", async () => {
    const document = await writeSmallJob(folder(), long);
    const expected = await undisturbed(document, folder());
    await trainUntil(2, document, folder());
    const [dataset] = readdirSync(join(folder(), "store/datasets"));
    flipBit(`datasets/${dataset}/shards/00000.safetensors`, -5);
    const { exitCode, stdout, stderr } = await train();
    expect({ exitCode, stdout }).to.deep.equal({ exitCode: 3, stdout: "" });
    expect(stderr).to.match(
      new RegExp(
        `\nerror: datasets/${dataset}/shards/00000\\.safetensors is damaged: at least one bit has flipped .*\n$`,
      ),
    );
    rmSync(join(folder(), "store/datasets", dataset!), { recursive: true });
    const mended = await train();
    expect(mended.exitCode, mended.stderr).to.equal(0);
    expect(await identity(folder(), "store", expected)).to.deep.equal(expected);
  });

  it("ends a job whose model is damaged while it is stopped, naming the object; --again trains it anew", async () => {
    const document = await writeSmallJob(folder(), long);
    const expected = await undisturbed(document, folder());
    const { job } = await trainUntil(2, document, folder());
    const head = await findHead(await LocalObjectStore.open(join(folder(), "store")), job);
    const key = keys.model(job, head, 0);
    flipBit(key, 4096 + 40);
    const damaged = await train();
    expect(damaged).to.include({ exitCode: 1, stdout: "" });
    expect(damaged.stderr).to.include(`The job failed: The stored object ${key} is damaged`);
    const again = await train("--again", "--quiet");
    expect(again.stdout).to.include(`sha256 ${expected.weightsHash}\n`);
  });

  function flipBit(key: string, offset: number): void {
    const path = join(folder(), "store", key);
    const bytes = readFileSync(path);
    bytes[(bytes.length + offset) % bytes.length]! ^= 1;
    writeFileSync(path, bytes);
  }
});
