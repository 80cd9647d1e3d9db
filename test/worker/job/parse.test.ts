import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { UserError } from "../../../worker-runtime/src/errors.ts";
import { type InvalidJob, parseJob, readJob } from "../../../worker-runtime/src/job/parse.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

/** A valid job; `extra` lines come behind it. */
const valid = (extra = "") => `name: reviews
model: { kind: text-classification }
data: { train: reviews.csv }
training: { epochs: 3 }
${extra}`;

function problemsOf(text: string): string[] {
  try {
    parseJob(text, "job.yaml");
  } catch (error) {
    expect(error).to.be.instanceOf(UserError);
    return (error as Error).message.split("\n");
  }
  throw new Error("the job was accepted");
}

describe("parseJob", () => {
  it("tells five mistakes at once: place, path, what was found, what is allowed, the nearest name", () => {
    const text = `name: reviews
model:
  kind: text-clasification
  wordNgrams: 9
data:
  train: reviews.csv
  fromat: csv
training:
  epochs: 3
  learningRate: fast
workrs: 4
`;
    expect(problemsOf(text)).to.deep.equal([
      "job.yaml has 5 problems:",
      'job.yaml:3:3 model.kind: found "text-clasification"; expected one of text-classification, image-classification, ' +
        "recommendation, custom; did you mean `text-classification`?",
      "job.yaml:4:3 model.wordNgrams: found 9; expected a whole number from 1 to 5",
      "job.yaml:7:3 data.fromat: unknown field; did you mean `format`?",
      'job.yaml:10:3 training.learningRate: found "fast"; expected a number from 0 to 1000000',
      "job.yaml:11:1 workrs: unknown field; did you mean `workers`?",
    ]);
  });

  it("fills in defaults, and reads YAML with anchors, merge keys and comments, and JSON, alike", () => {
    const yaml = `# a comment
name: reviews
model: { kind: recommendation, factors: &n 8 }
data: { train: a.csv, badRowLimit: *n }
training: { epochs: 3 }
rounds: { outer: { <<: { momentum: 0.5 }, learningRate: 0.7 } }`;
    const json = `{
\t"name": "reviews", "model": { "kind": "recommendation", "factors": 8 },
\t"data": { "train": "a.csv", "badRowLimit": 8 }, "training": { "epochs": 3 },
\t"rounds": { "outer": { "momentum": 0.5, "learningRate": 0.7 } }
}`;
    const job = parseJob(yaml, "job.yaml");
    expect(job).to.deep.equal(parseJob(json, "job.json"));
    expect(job.training.batchSize).to.equal(64);
    expect(job.rounds.outer).to.deep.equal({ learningRate: 0.7, momentum: 0.5 });
  });

  const mistakes: [name: string, text: string, ...problems: string[]][] = [
    [
      "everything missing",
      "{}",
      "job.yaml:1:1 name: missing; expected text",
      "job.yaml:1:1 model: missing; expected a mapping whose kind is one of text-classification, image-classification, recommendation, custom",
      "job.yaml:1:1 data: missing; expected { train, heldOut, format, columns, header, onBadRow, badRowLimit }",
      "job.yaml:1:1 training.epochs: missing; say how long to train: give this or `rounds.count`",
    ],
    [
      "no mapping",
      "reviews",
      'job.yaml:1:1 found "reviews"; expected { name, model, data, training, numerics, workers, rounds, seed, budget }',
    ],
    [
      "an item of a list",
      valid().replace("reviews.csv", "[a.csv, 3]"),
      "job.yaml:3:24 data.train[1]: found 3; expected text",
    ],
    [
      "an empty name of a file",
      valid().replace("reviews.csv", '""'),
      'job.yaml:3:9 data.train: found ""; it must not be empty',
    ],
    [
      "half of an alternative",
      valid().replace("reviews.csv", "{ imges: a, labels: b }"),
      "job.yaml:3:9 data.train.images: missing; expected text or a list of 1 or more entries (each text)",
      "job.yaml:3:18 data.train.imges: unknown field; did you mean `images`?",
    ],
    [
      "none of the alternatives",
      valid().replace("reviews.csv", "a, heldOut: { fractoin: 0.1 }"),
      'job.yaml:3:19 data.heldOut: found {"fractoin":0.1}; expected text, a list of 1 or more entries (each text), ' +
        "{ images, labels }, { fraction } or { newest }; did you mean `fraction`?",
    ],
    [
      "an optimizer that is nearly known, with a wrong number beside it",
      valid().replace("epochs: 3", "epochs: 3, optimizer: { kind: admm, beta1: 3 }"),
      'job.yaml:4:37 training.optimizer.kind: found "admm"; expected one of sgd, momentum, adam; did you mean `adam`?',
      "job.yaml:4:49 training.optimizer.beta1: found 3; expected a number at least 0 and below 1",
    ],
    [
      "an optimizer without its kind",
      valid().replace("epochs: 3", "epochs: 3, optimizer: {}"),
      "job.yaml:4:24 training.optimizer.kind: missing; expected one of sgd, momentum, adam",
    ],
    [
      "names of JavaScript's own",
      valid("__proto__: 1\ntoString: 2"),
      "job.yaml:5:1 __proto__: unknown field; known here: name, model, data, training, numerics, workers, rounds, seed, budget",
      "job.yaml:6:1 toString: unknown field; known here: name, model, data, training, numerics, workers, rounds, seed, budget",
    ],
    [
      "characters that would steer a terminal",
      valid().replace("reviews.csv", 'a, format: "\\e[31m\\x9b31m"'),
      'job.yaml:3:19 data.format: found "\\u001b[31m\\u009b31m"; expected one of auto, csv, tsv, jsonl, json, parquet, idx, images, movielens',
    ],
    [
      "a length given twice",
      valid("rounds: { count: 4 }"),
      "job.yaml:5:11 rounds.count: the length is given twice; keep this or `training.epochs`",
    ],
    [
      "no length",
      valid().replace("epochs: 3", ""),
      "job.yaml:4:1 training.epochs: missing; say how long to train: give this or `rounds.count`",
    ],
    [
      "n-grams from long to short",
      valid().replace("classification", "classification, characterNgrams: [5, 3]"),
      "job.yaml:2:37 model.characterNgrams: found [5, 3]; the first must not be above the second",
    ],
    [
      "a custom model without a model",
      valid().replace("text-classification", "custom"),
      "job.yaml:2:1 model: a custom model needs `topology` (a model.json) or `module` (a TypeScript or JavaScript file)",
    ],
    [
      "a custom model with two",
      valid().replace("text-classification", "custom, topology: a.json, module: a.ts"),
      "job.yaml:2:42 model.module: the model is given twice; keep this or `model.topology`",
    ],
    [
      "the newest rows, without a time",
      valid().replace("reviews.csv", "a, heldOut: { newest: 0.1 }"),
      "job.yaml:3:30 data.heldOut.newest: needs a time for each row; name its column in `data.columns.time`",
    ],
    [
      "roles that the model does not read",
      valid().replace("reviews.csv", "a, columns: { lable: 1, user: 2 }"),
      "job.yaml:3:30 data.columns.lable: unknown role; did you mean `label`?",
      "job.yaml:3:40 data.columns.user: unknown role; text-classification reads text, label, time",
    ],
    [
      "an early stop that is never measured",
      valid().replace("epochs: 3", "epochs: 3, evaluateEvery: 0, earlyStop: { patience: 2 }"),
      "job.yaml:4:42 training.earlyStop: never measured, since `training.evaluateEvery` is 0; set that to 1 or more",
    ],
    ["a field twice", valid("seed: 1\nseed: 2"), "job.yaml:6:1 this field stands twice in its mapping"],
    ["a tab as indentation", "a:\n\tb: 1", "job.yaml:2:1 Tabs are not allowed as indentation"],
    ["an alias without its anchor", valid("seed: *one"), "job.yaml:5:7 no anchor `&one` stands before this alias"],
    ["a tag", valid("seed: !env SEED"), "job.yaml:5:7 Unresolved tag: !env"],
    ["two documents", "a: 1\n---\nb: 2", "job.yaml:2:1 a second document (`---`); a job file holds one"],
    ["a list as a name", "? [a]\n: 1", "job.yaml:1:3 a list or mapping cannot be the name of a field"],
    ["an unclosed quote", "a: 'x\n", "job.yaml:2:1 Missing closing 'quote"],
  ];
  for (const [name, text, ...problems] of mistakes) {
    it(`refuses ${name}`, () => {
      expect(problemsOf(text).slice(1)).to.deep.equal(problems);
    });
  }

  it("refuses texts that are made to hurt, in one sentence", () => {
    const bomb = `${"a: &a [x]\nb: &b [*a,*a]\nc: ["}${"*b,".repeat(200)}]`;
    expect(problemsOf(bomb)).to.include("job.yaml:1:1 its aliases repeat too much; write the values out");
    expect(problemsOf("[".repeat(30_000) + "]".repeat(30_000))[1]).to.match(/^job\.yaml:1:\d+ nested too deeply$/);
    expect(problemsOf("a".repeat(65 * 1024))[0]).to.equal(
      "job.yaml is larger than 64 KiB, the most that a job file may have. Is it a data file? Name that in `data.train`.",
    );
    const many = problemsOf(Array.from({ length: 500 }, (_, i) => `x${i}: 1`).join("\n"));
    expect(many).to.have.length(32);
    expect(many.at(-1)).to.equal("... and 474 more");
  });

  it("keeps each problem as data, for editors and --json", () => {
    try {
      parseJob(valid("workrs: 1"), "job.yaml");
      expect.fail("accepted");
    } catch (error) {
      expect((error as InvalidJob).problems).to.deep.equal([
        { file: "job.yaml", line: 5, column: 1, path: "workrs", message: "unknown field; did you mean `workers`?" },
      ]);
    }
  });
});

describe("readJob", () => {
  const folder = temporaryFolder();

  async function refusal(path: string): Promise<string> {
    const error = await readJob(path).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(error).to.be.instanceOf(UserError);
    expect((error as UserError).exitCode).to.equal(2);
    return (error as UserError).message;
  }

  it("says what is wrong with a file that is no job", async () => {
    const file = join(folder(), "job.yaml");
    await writeFile(file, valid());
    expect((await readJob(file)).name).to.equal("reviews");

    expect(await refusal(join(folder(), "job.yml"))).to.equal(
      `There is no file ${folder()}/job.yml. Did you mean ${folder()}/job.yaml?`,
    );
    expect(await refusal(join(folder(), "reviews"))).to.equal(
      `There is no file ${folder()}/reviews. \`trivet init\` writes a job file to start from.`,
    );
    expect(await refusal(folder())).to.equal(`${folder()} is a folder. Name the job file in it, for example ${file}.`);
    expect(await refusal("/dev/zero")).to.equal("/dev/zero is not a regular file. A job file is YAML or JSON.");

    const contents: [content: string | Uint8Array, message: string][] = [
      ["", "is empty. `trivet init` writes a job file to start from."],
      ["# nothing\n", "is empty. `trivet init` writes a job file to start from."],
      [new Uint8Array([0x89, 0x50, 0x4e, 0x47]), "is not UTF-8 text. A job file is YAML or JSON."],
      [new TextEncoder().encode("name: a\0"), "is not UTF-8 text. A job file is YAML or JSON."],
      [
        "#".repeat(100_000),
        "is larger than 64 KiB, the most that a job file may have. Is it a data file? Name that in `data.train`.",
      ],
    ];
    for (const [content, message] of contents) {
      await writeFile(file, content);
      expect(await refusal(file)).to.equal(`${file} ${message}`);
    }
  });
});
