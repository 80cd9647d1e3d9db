// Forecast against measured: the three case studies, with 2 and 4 workers, fp32 and int8, in functions whose network is shaped
// as LambdaML measured it (65 MB/s, 80 ms a request with noise) and whose computing takes the CPU time that it takes. First
// under these very conditions: how far is the forecast off? Then under conditions that were drawn: how often does the 80 %
// interval hold? `node bench/forecast.ts`. Writes bench/results/forecast.json.
import { execFileSync } from "node:child_process";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { decidePlan, prepareDataset } from "../worker-runtime/src/clouds/local/prepare.ts";
import { MemoryObjectStore } from "../worker-runtime/src/clouds/memory/object-store.ts";
import { calibrate } from "../worker-runtime/src/cost/calibrate.ts";
import {
  addUsage,
  billedSeconds,
  costOf,
  functionSize,
  totalDollars,
  type Usage,
} from "../worker-runtime/src/cost/cost-model.ts";
import { estimate } from "../worker-runtime/src/cost/estimate.ts";
import { datasetSize, forecast, type Pace } from "../worker-runtime/src/cost/forecast.ts";
import { cloudConditions, spreads } from "../worker-runtime/src/cost/pace.ts";
import { listPrices } from "../worker-runtime/src/cost/prices.ts";
import { canonicalJson } from "../worker-runtime/src/hash.ts";
import type { JobDocument } from "../worker-runtime/src/job/document.ts";
import { makePlan } from "../worker-runtime/src/job/make-plan.ts";
import { readJob } from "../worker-runtime/src/job/parse.ts";
import { openModel } from "../worker-runtime/src/models/index.ts";
import { loadBackend } from "../worker-runtime/src/training/backend.ts";
import { Random } from "../worker-runtime/src/training/random.ts";
import { cpuMs, runShaped } from "./support/function-world.ts";
import { writeResult } from "./support/results.ts";

/** Rounds of each study: enough for some of every kind, few enough to wait for. */
const studies = { sentiment: 12, vision: 6, recommender: 12 } as const;
const memoryMib = 2048;
const prices = listPrices.aws;
const size = functionSize("aws", memoryMib);
const names = ["seconds", "computeSeconds", "requests", "bytes", "dollars"] as const;

await Promise.all([loadBackend(), import("../worker-runtime/src/protocol/finish.ts")]);

interface Row {
  readonly study: string;
  readonly workers: number;
  readonly codec: string;
  readonly measured: Readonly<Record<string, number>>;
  readonly forecast: Readonly<Record<string, number>>;
  readonly errors: Readonly<Record<string, number>>;
}

execFileSync(process.execPath, [fileURLToPath(new URL("../examples/recommender/generate.ts", import.meta.url))], {
  stdio: "ignore",
});
const rows: Row[] = [];
const kept = [];
let held = 0;
let points = 0;
for (const [study, rounds] of Object.entries(studies)) {
  const file = fileURLToPath(new URL(`../examples/${study}/job.yaml`, import.meta.url));
  const written = await readJob(file);
  const store = new MemoryObjectStore();
  const options = { folder: dirname(file), signal: new AbortController().signal, onEvent: () => {} };
  const created = await prepareDataset(store, { document: written, ...options });
  const dataset = datasetSize(created.manifest, canonicalJson(created.manifest).length);
  const whole = await decidePlan(store, created, { document: written, again: false, onEvent: () => {} });
  const { model } = await openModel(written, created.manifest.encoding);
  // All functions share this process: what one loads here is what a second calibration finds, compiled code and all.
  await calibrate(store, written, whole, cpuMs);
  const calibration = await calibrate(store, written, whole, cpuMs);
  const { stepMs, jitter, loadMs } = calibration;
  kept.push({
    study,
    plan: { ...whole, parameters: [] },
    pace: { ...cloudConditions, stepMs, measureMs: calibration.measureMs },
    dataset,
  });
  for (const workers of [2, 4])
    for (const codec of ["fp32", "int8"] as const) {
      const { epochs: _, ...training } = written.training;
      const document: JobDocument = {
        ...{ ...written, workers, training: { ...training, evaluateEvery: 2 } },
        rounds: { ...written.rounds, count: rounds, localSteps: 40, codec },
      };
      const plan = makePlan(document, created, model);
      // A worker measures its part of the held-out examples.
      const measureMs = (calibration.measureMs * whole.workers) / workers;
      const pace: Pace = {
        ...cloudConditions,
        stepMs,
        measureMs,
        jitter: Math.min(jitter, 0.1),
        loadMs,
        exportMs: 300,
      };
      const nominal = await runShaped(await copyOf(store), document, plan, pace, workers, rows.length + 1);
      const expected = forecast(plan, pace, dataset, workers);
      const [measured, forecasted] = [figures(withData(nominal, dataset, plan.weightCount)), figures(expected)];
      const errors = Object.fromEntries(names.map((name) => [name, forecasted[name] / measured[name] - 1]));
      rows.push({ study, workers, codec, measured, forecast: forecasted, errors });
      console.log(study, workers, codec, percent(errors));
      if (process.argv.includes("--detail")) {
        const parts = (usage: Usage) => ({
          ...usage,
          tasks: usage.tasks.length,
          seconds: billedSeconds(usage.tasks, 1),
        });
        console.table({ measured: parts(withData(nominal, dataset, plan.weightCount)), forecast: parts(expected) });
      }

      // The same job in a cloud that is not as it was taken to be.
      const drawn = draw(pace, rows.length);
      const other = await runShaped(await copyOf(store), document, plan, drawn, workers, 1000 + rows.length);
      const [aws] = estimate({ plan, pace, dataset, prices: listPrices, memoryMib });
      const found = figures(withData(other, dataset, plan.weightCount));
      const inside = [
        aws!.wallMs.low <= 1000 * found.seconds && 1000 * found.seconds <= aws!.wallMs.high,
        aws!.dollars.low <= found.dollars && found.dollars <= aws!.dollars.high,
      ];
      held += inside.filter(Boolean).length;
      points += inside.length;
    }
}

const summary = Object.fromEntries(
  names.map((name) => {
    const all = rows.map(({ errors }) => Math.abs(errors[name]!));
    return [name, { mean: all.reduce((sum, error) => sum + error, 0) / all.length, largest: Math.max(...all) }];
  }),
);
console.table(summary);
console.log(`the interval holds ${held} of ${points} points`);
writeResult("forecast", {
  conditions: cloudConditions,
  jobs: rows,
  summary,
  interval: { held, points },
  studies: kept,
});

async function copyOf(store: MemoryObjectStore): Promise<MemoryObjectStore> {
  const copy = new MemoryObjectStore();
  for (const { key } of await store.list("datasets/")) await copy.putIfAbsent(key, (await store.get(key))!);
  return copy;
}

/** What the shaped world does not hold: the data's way up, and the result's way down. */
function withData(
  measured: Usage & { readonly wallMs: number },
  dataset: ReturnType<typeof datasetSize>,
  weights: number,
) {
  const bytes = dataset.trainBytes + dataset.heldOutBytes + dataset.manifestBytes;
  const shards = dataset.trainShards + dataset.heldOutShards;
  const around: Usage = {
    ...{ tasks: [], writes: shards + 1, reads: 9, bytesRead: 0, bytesWritten: 0 },
    ...{ storedBytes: bytes, fetchedBytes: 8 * weights },
  };
  return { ...addUsage(measured, around), wallMs: measured.wallMs };
}

function figures(usage: Usage & { readonly wallMs: number }): Record<(typeof names)[number], number> {
  return {
    seconds: usage.wallMs / 1000,
    computeSeconds: billedSeconds(usage.tasks, prices.billingStepMs),
    requests: usage.writes + usage.reads,
    bytes: usage.bytesRead + usage.bytesWritten,
    dollars: totalDollars(costOf(usage, prices, size)),
  };
}

/** Conditions as far from the expected ones as they may be. The CPU stays what it is. */
function draw(pace: Pace, seed: number): Pace {
  const random = new Random(seed, "conditions");
  const factors = (["startUpMs", "queueMs", "storeLatencyMs", "storeBytesPerSecond"] as const).map((name, i) => {
    const normal =
      Math.sqrt(-2 * Math.log(1 - random.uniform(2 * i))) * Math.cos(2 * Math.PI * random.uniform(2 * i + 1));
    return [name, pace[name] * Math.exp(spreads[name] * normal)];
  });
  return { ...pace, ...Object.fromEntries(factors) };
}

function percent(errors: Readonly<Record<string, number>>): string {
  return Object.entries(errors)
    .map(([name, error]) => `${name} ${(100 * error).toFixed(1)} %`)
    .join(", ");
}
