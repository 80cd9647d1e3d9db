// How long a cold worker takes to its first training step, and what each measure against that is worth:
// `npm run setup && node bench/cold-start.ts [runs] && biome format --write bench/results`. Writes
// bench/results/cold-start.json. The disk is warm.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { emulatedClouds } from "../test/entrypoints/emulated-clouds.ts";
import { startInstance } from "../test/entrypoints/function-hosts.ts";
import { startMiddleman } from "../test/support/middleman.ts";
import { otherVariables } from "../worker-runtime/src/clouds/configuration.ts";
import { systemClock } from "../worker-runtime/src/clouds/local/clock.ts";
import { prepare } from "../worker-runtime/src/clouds/local/prepare.ts";
import type { Moment } from "../worker-runtime/src/clouds/start-up.ts";
import { parseJob } from "../worker-runtime/src/job/parse.ts";
import { encodeMessage, type Task } from "../worker-runtime/src/protocol/messages.ts";
import { submit } from "../worker-runtime/src/protocol/submit.ts";
import { makeVariants, type Variant } from "./cold-start/variants.ts";

const runs = Number(process.argv[2] ?? 20);
const root = path.resolve(import.meta.dirname, "..");
const folder = mkdtempSync(path.join(tmpdir(), "trivet-cold-start-"));
const image = path.join(folder, "image");

/** Milliseconds since the process was started. */
type Times = Record<Moment | "cpu", number>;

/** Milliseconds from asking for a process until Node's own clock begins: the kernel, the loader, Node's first statement. */
function execMs(): number {
  const askedAtMs = performance.timeOrigin + performance.now();
  const { stdout } = spawnSync(path.join(image, "worker", "bin", "node"), ["-p", "performance.timeOrigin"]);
  return Number(stdout) - askedAtMs;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)]!;
}

/** CPU time of a process so far, in milliseconds (proc_pid_stat(5): utime and stime, in hundredths of a second). */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  return 10 * (Number(fields[11]) + Number(fields[12]));
}

const document = parseJob(
  `name: cold
model: { kind: text-classification, buckets: 4096, featuresPerText: 64 }
data: { train: reviews.csv, heldOut: { fraction: 0.1 } }
training: { batchSize: 32, learningRate: 5 }
workers: 1000
rounds: { count: 1, localSteps: 3 }
`,
  "job.yaml",
);
const rows = Array.from({ length: 4000 }, (_, i) => `a ${["fine", "dull"][i % 2]} film of ${i} minutes,${i % 2}`);
writeFileSync(path.join(folder, "reviews.csv"), `text,label\n${rows.join("\n")}\n`);

/** Where a message that is not ours is answered without being asked for. */
const nowhere = {
  "aws-lambda": { TRIVET_STORE: "none", TRIVET_QUEUE: "http://127.0.0.1:9/0/none" },
  "gcp-cloud-run": { TRIVET_STORE: "none", TRIVET_QUEUE: "projects/none/topics/none" },
  "azure-functions": { TRIVET_STORE: "http://127.0.0.1:9/a/none", TRIVET_QUEUE: "http://127.0.0.1:9/a/none" },
};

/** An object store in a cloud takes about so long to answer; an emulator on this machine takes 1 ms. */
const storeLatencyMs = 25;

const platform = "gcp-cloud-run";
const cloud = await emulatedClouds[platform].start();
const storeVariable = otherVariables.storageEndpoint;
const slowStore = await startMiddleman(() => cloud.environment[storeVariable]!);
slowStore.handle = async (request, send) => {
  await setTimeout(storeLatencyMs);
  return send(request);
};
const environment = { HOME: "/tmp", ...cloud.environment, [storeVariable]: slowStore.url };
try {
  spawnSync(process.execPath, [path.join(root, "tools", "image.mjs"), image], { stdio: "inherit" });
  const variants = await makeVariants(image, path.join(folder, "variants"));
  const signal = new AbortController().signal;
  const plan = await prepare(cloud.store, { document, folder, processes: 1, again: false, signal, onEvent: () => {} });
  await submit(cloud.store, cloud.queue, Date.now(), document, plan);

  const messageOf = (task: Task) => encodeMessage({ trivet: 1, job: plan.job, sentAtMs: systemClock.nowMs(), task });
  async function start(variant: Variant, task: Task): Promise<Times> {
    const given = { ...environment, ...variant.environment };
    const instance = await startInstance[platform]({ worker: variant.command }, given);
    try {
      if (!(await instance.invoke(messageOf(task), 1))) throw new Error(JSON.stringify(instance.process.lines));
      const cpu = cpuMs(instance.process.pid);
      const line = await instance.process.line(({ event }) => event === "task");
      return { ...(line.startUpMs as Times), cpu };
    } finally {
      instance.process.signal("SIGTERM"); // By itself, so that a compile cache is written.
      await instance.process.ended;
      await instance.process.stop();
    }
  }

  await start(variants[0]!, { kind: "advance", round: 0, look: 0 });
  let worker = 0;
  const measured = new Map<string, Times[]>(variants.map(({ name }) => [name, []]));
  // In turns, so that whatever else this machine does meets all of them alike. The first turn warms the disk's cache.
  for (let run = 0; run <= runs; run++) {
    for (const variant of variants) {
      const times = await start(variant, { kind: "step", round: 0, worker: worker++ });
      if (run > 0) measured.get(variant.name)!.push(times);
    }
  }
  const exec = Math.round(median(Array.from({ length: 11 }, execMs)));

  const moments = ["accepted", "opened", "tensorFlow", "firstStep", "handled", "cpu"] as const;
  console.log(`\nMilliseconds from the start of the process: median (fastest) of ${runs}`);
  console.log(["".padEnd(42), ...moments.map((moment) => moment.padStart(12))].join(""));
  for (const [name, times] of measured) {
    const cells = moments.map((moment) => {
      const values = times.map((one) => one[moment] + (moment === "cpu" ? 0 : exec));
      return `${Math.round(median(values))} (${Math.round(Math.min(...values))})`.padStart(12);
    });
    console.log([name.padEnd(42), ...cells].join(""));
  }

  const own = measured.get("the image")!;
  const at = (moment: Moment) => median(own.map((times) => times[moment])) + exec;
  const ends: readonly (readonly [string, number])[] = [
    ["the process: kernel, loader", exec],
    ["Node, until our code runs", at("code")],
    ["our code, until a message is accepted", at("accepted")],
    ["SDK and protocol", at("opened")],
    ["TensorFlow, what is left of it", Math.max(at("opened"), at("tensorFlow"))],
    ["inputs and the first step", at("firstStep")],
  ];
  console.log("\nPhases of the image's start, by medians");
  const phases = ends.map(([phase, end], i) => ({ phase, ms: Math.round(end - (ends[i - 1]?.[1] ?? 0)) }));
  for (const { phase, ms } of phases)
    console.log(
      `${phase.padEnd(42)}${String(ms).padStart(6)} ms${`${Math.round((100 * ms) / at("firstStep"))} %`.padStart(7)}`,
    );

  // A message that is not ours needs neither store nor queue.
  const accepted: Record<string, number[]> = {};
  for (const name of ["aws-lambda", "gcp-cloud-run", "azure-functions"] as const) {
    accepted[name] = [];
    const given = { HOME: "/tmp", ...nowhere[name], TRIVET_PLATFORM: name };
    for (let run = 0; run < runs; run++) {
      const { process, invoke } = await startInstance[name]({ worker: variants[0]!.command }, given);
      await invoke("not ours", 1);
      const line = await process.line(({ event }) => event === "task");
      accepted[name].push((line.startUpMs as Times).accepted + exec);
      await process.stop();
    }
    const times = accepted[name];
    console.log(
      `${name}: first message accepted after ${Math.round(median(times))} (${Math.round(Math.min(...times))}) ms`,
    );
  }

  const results = {
    what: "milliseconds since Node's clock began; execMs comes before it",
    ...{
      node: process.versions.node,
      cpu: `${cpus().length} x ${cpus()[0]!.model}`,
      load: loadavg(),
      runs,
      execMs: exec,
    },
    ...{ phases, acceptedMsFromTheStartOfTheProcess: accepted, raw: Object.fromEntries(measured) },
  };
  writeFileSync(path.join(root, "bench/results/cold-start.json"), `${JSON.stringify(results, undefined, 1)}\n`);
} finally {
  await slowStore.stop();
  await cloud.stop();
  rmSync(folder, { recursive: true, force: true });
}
