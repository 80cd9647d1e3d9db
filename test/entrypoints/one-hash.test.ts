import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import type { Platform } from "../../worker-runtime/src/clouds/configuration.ts";
import { variables } from "../../worker-runtime/src/clouds/configuration.ts";
import { LocalObjectStore } from "../../worker-runtime/src/clouds/local/object-store.ts";
import { prepare } from "../../worker-runtime/src/clouds/local/prepare.ts";
import { trainLocally } from "../../worker-runtime/src/clouds/local/train.ts";
import { parseJob } from "../../worker-runtime/src/job/parse.ts";
import type { ObjectStore } from "../../worker-runtime/src/ports/object-store.ts";
import type { Delivery } from "../../worker-runtime/src/ports/task-queue.ts";
import { isOver, readResult, readRounds } from "../../worker-runtime/src/protocol/run-record.ts";
import { submit } from "../../worker-runtime/src/protocol/submit.ts";
import { loadBackend } from "../../worker-runtime/src/training/backend.ts";
import { Random } from "../../worker-runtime/src/training/random.ts";
import { awsEnvironment } from "../support/environment.ts";
import { markdownTable } from "../support/markdown.ts";
import { requirePart } from "../support/require.ts";
import { requireTool } from "../support/require-tool.ts";
import { type EmulatedCloud, emulatedClouds } from "./emulated-clouds.ts";
import { type FunctionInstance, startInstance } from "./function-hosts.ts";
import { reviews } from "./small-job.ts";
import { WorkerProcess } from "./worker-process.ts";

const seed = 20261125;
const worker = [process.execPath, path.resolve(import.meta.dirname, "../../worker-runtime/src/clouds/main.ts")];
const page = path.join(import.meta.dirname, "../../docs/one-hash.md");

/** Two reducers, int8 and momentum make every kind of task and every random draw take part. */
const document = parseJob(
  `name: everywhere
model: { kind: text-classification, buckets: 256, featuresPerText: 32 }
data: { train: train.csv, heldOut: { fraction: 0.25 } }
training: { batchSize: 8, learningRate: 1, evaluateEvery: 2 }
workers: 4
rounds: { count: 4, localSteps: 4, reducers: 2, codec: int8, outer: { learningRate: 0.9, momentum: 0.5 } }
`,
  "job.yaml",
);

interface Row {
  readonly place: string;
  readonly functions: number;
  readonly duplicates: number;
  readonly kills: number;
  readonly requests: number;
  readonly kilobytes: number;
  readonly seconds: number;
  readonly hash: string;
}

describe("one job in every place", function () {
  this.timeout(180_000);
  awsEnvironment();
  const rows: Row[] = [];
  let folder: string;
  let localHash: string;

  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), "trivet-one-hash-"));
    writeFileSync(path.join(folder, "train.csv"), reviews(0, 200));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const nothing = { signal: new AbortController().signal, onEvent: () => {} };

  async function note(
    place: string,
    functions: number,
    faults: Faults,
    startedAtMs: number,
    store: ObjectStore,
    job: string,
  ) {
    const traces = (await readRounds(store, job)).flatMap(({ traces }) => traces);
    const sum = (value: (trace: (typeof traces)[number]) => number) =>
      traces.reduce((all, trace) => all + value(trace), 0);
    rows.push({
      ...{ place, functions, ...faults },
      requests: sum(({ requests: { put, get, head, list } }) => put + get + head + list),
      kilobytes: Math.round(sum(({ bytesRead, bytesWritten }) => bytesRead + bytesWritten) / 1000),
      seconds: Math.round((Date.now() - startedAtMs) / 100) / 10,
      hash: (await readResult(store, job))!.weightsHash,
    });
    return rows.at(-1)!.hash;
  }

  for (const functions of [1, 4]) {
    it(`comes to its hash on this machine, in ${functions} processes`, async () => {
      const startedAtMs = Date.now();
      const storeFolder = path.join(folder, `store-${functions}`);
      const options = { document, folder, storeFolder, processes: functions, again: false, ...nothing };
      const { job } = await trainLocally(options);
      const hash = await note(
        "local",
        functions,
        { duplicates: 0, kills: 0 },
        startedAtMs,
        await LocalObjectStore.open(storeFolder),
        job,
      );
      localHash ??= hash;
      expect(hash).to.equal(localHash);
    });
  }

  for (const platform of Object.keys(emulatedClouds) as Platform[])
    for (const functions of [1, 4])
      it(`comes to the same hash on ${platform}, in ${functions} functions, with duplicates and kills (seed ${seed})`, async function () {
        const { needs, start } = emulatedClouds[platform];
        for (const tool of needs) await requireTool(this, tool);
        this.timeout(180_000);
        const cloud = await start();
        try {
          const startedAtMs = Date.now();
          const options = { document, folder, processes: functions, again: false, ...nothing };
          const { job, ...plan } = await prepare(cloud.store, options);
          const send = () => submit(cloud.store, cloud.queue, Date.now(), document, { job, ...plan });
          await send();
          const random = new Random(seed, platform, functions);
          const isDone = () => isOver(cloud.store, job);
          const faults =
            platform === "azure-job"
              ? await runExecutions(cloud, functions, random, isDone, send)
              : await runFunctions(platform, cloud, functions, random, isDone);
          expect(await isOver(cloud.store, job)).to.equal(true);
          expect(await note(platform, functions, faults, startedAtMs, cloud.store, job)).to.equal(localHash);
        } finally {
          await cloud.stop();
        }
      });

  it("is written down as it was found", async function () {
    requirePart(this, "all places in the same run", rows.length === 10, "Run `npm run hashes` or `npm test`.");
    if (process.env.TRIVET_WRITE_DOCS === "1")
      writeFileSync(page, render(rows, (await loadBackend()).stamp.tensorflow));
    // What differs from run to run is not compared. The hash is the same on every CPU, with one TensorFlow.
    const cells = readFileSync(page, "utf8")
      .split("\n")
      .map((line) => line.split("|").map((cell) => cell.trim()));
    const found = cells.filter(([, place]) => rows.some((row) => row.place === place));
    expect(
      found.map(([, place, functions]) => `${place} ${functions}`),
      "run `npm run hashes`",
    ).to.deep.equal(rows.map(({ place, functions }) => `${place} ${functions}`));
    const { stamp } = await loadBackend();
    const hashes = new Set(found.map((row) => row.at(-2)));
    if (readFileSync(page, "utf8").includes(`TensorFlow ${stamp.tensorflow}`))
      expect([...hashes], "run `npm run hashes`").to.deep.equal([shown(localHash)]);
    else expect(hashes.size).to.equal(1);
  });
});

interface Faults {
  duplicates: number;
  kills: number;
}

/**
 * Executions of Azure's job take their messages themselves, and what a killed one holds stays hidden for minutes. So after
 * each kill the job is submitted again, as a person would: a task that looks at the round, and sends what is missing in it.
 */
async function runExecutions(
  cloud: EmulatedCloud,
  count: number,
  random: Random,
  isDone: () => Promise<boolean>,
  send: () => Promise<unknown>,
): Promise<Faults> {
  const faults: Faults = { duplicates: 0, kills: 0 };
  const environment = { ...cloud.environment, [variables.idleSeconds]: "2" };
  const startOne = () => new WorkerProcess(worker, environment);
  const executions = Array.from({ length: count }, startOne);
  try {
    for (let victim = 0; faults.kills < 3 && !(await isDone()); victim = (victim + 1) % count) {
      const line = executions[victim]!.line(({ event }) => event === "task");
      // One that found nothing to do, while the others had it all, has ended by itself.
      const works = await line.then(
        () => true,
        () => false,
      );
      if (works) {
        await setTimeout(random.below(60, faults.kills));
        await executions[victim]!.stop();
        faults.kills++;
        await send();
        faults.duplicates++;
      }
      executions[victim] = startOne();
    }
    for (;;) {
      for (const { ended } of executions) expect(await ended).to.equal(0);
      if (await isDone()) break;
      executions.push(...executions.splice(0).map(startOne));
      await send();
      faults.duplicates++;
    }
  } finally {
    for (const execution of executions) await execution.stop();
  }
  return faults;
}

/** A third of the messages are sent twice; now and then a function is killed while it works, and another one started. */
async function runFunctions(
  platform: Exclude<Platform, "azure-job">,
  cloud: EmulatedCloud,
  count: number,
  random: Random,
  isDone: () => Promise<boolean>,
): Promise<Faults> {
  const faults: Faults = { duplicates: 0, kills: 0 };
  let deliveries = 0;
  let over = false;
  const startOne = () => startInstance[platform]({ worker }, cloud.environment);

  async function hand(instance: FunctionInstance, delivery: Delivery): Promise<FunctionInstance> {
    const number = deliveries++;
    if (delivery.attempt === 1 && random.below(3, 2 * number) === 0) {
      faults.duplicates++;
      await cloud.queue.send([delivery.body]);
    }
    const working = instance.invoke(delivery.body, delivery.attempt).catch(() => false);
    if (faults.kills < 3 && random.below(8, 2 * number + 1) === 0) {
      faults.kills++;
      await Promise.race([working, setTimeout(random.below(60, 1_000_000 + number))]);
      await instance.process.stop();
      if (await working) await delivery.acknowledge();
      else await delivery.release(0);
      return startOne();
    }
    if (await working) await delivery.acknowledge();
    else await delivery.release(0);
    return instance;
  }

  await Promise.all(
    Array.from({ length: count }, async () => {
      let instance = await startOne();
      try {
        while (!over) {
          const delivery = await cloud.source.receive(120);
          if (delivery) instance = await hand(instance, delivery);
          over ||= await isDone();
        }
      } finally {
        over = true;
        await instance.process.stop();
      }
    }),
  );
  return faults;
}

const shown = (hash: string) => `${hash.slice(0, 16)} ...`;

function render(rows: readonly Row[], tensorflow: string): string {
  const title = ["Place", "Functions", "Sent twice", "Killed", "Requests", "kB", "Seconds", "SHA-256 of the weights"];
  const lines = rows.map(({ place, functions, duplicates, kills, requests, kilobytes, seconds, hash }) => [
    place,
    ...[functions, duplicates, kills, requests, kilobytes, seconds].map(String),
    shown(hash),
  ]);
  return `# One job, one hash

The same small job in every place: on this machine, and through each cloud's own entrypoint as processes of their own,
over the emulators of its store and queue (Lambda's also behind AWS's runtime emulator). Messages are sent twice, and
functions killed while they work, at moments that a seed chooses. Executions of Azure's job take their messages
themselves: after each kill the job is submitted once more, which sends again what the killed one holds, and others too.

The tests write this page (\`npm run hashes\`), and \`npm test\` fails where one of these places comes to another hash than this
machine. Requests and bytes are those that the tasks whose output was kept have noted; seconds are of this one run, start of
the functions included. The numerics are portable, so the hash is that of every x86-64 CPU, with TensorFlow ${tensorflow}.

${markdownTable(title, lines)}
`;
}
