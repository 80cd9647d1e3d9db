// Two worker processes against one on the job of examples/vision, from the end of its first round to the end of its last one,
// and what the machine allows: two trainings at the same time that have nothing to do with each other, against one alone.
// `node bench/processes.ts [repeats, default 5]`. Writes bench/results/processes.json. Other programs that run at the same
// time take more from two processes than from one, so that the fastest runs say most.
import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { LocalObjectStore } from "../worker-runtime/src/clouds/local/object-store.ts";
import { trainLocally } from "../worker-runtime/src/clouds/local/train.ts";
import { readJob } from "../worker-runtime/src/job/parse.ts";
import { readRounds } from "../worker-runtime/src/protocol/run-record.ts";
import type { TaskTrace } from "../worker-runtime/src/result/run-record.ts";
import { medianOf, writeResult } from "./support/results.ts";

const job = fileURLToPath(new URL("../examples/vision/job.yaml", import.meta.url));
const document = await readJob(job);
const folder = mkdtempSync(join(tmpdir(), "trivet-processes-"));

/** Trains once. Times are those that the tasks noted, so that the coordinator's own looking does not count. */
async function run(processes: number, storeName = "store") {
  const storeFolder = join(folder, storeName);
  const loadBefore = Math.round(loadavg()[0]! * 10) / 10;
  const { job: name, weightsHash } = await trainLocally({
    ...{ document, folder: dirname(job), storeFolder, processes },
    ...{ again: true, signal: new AbortController().signal, onEvent: () => {} },
  });
  const rounds = (await readRounds(await LocalObjectStore.open(storeFolder), name)).filter(
    ({ trainLoss }) => trainLoss !== undefined,
  );
  const endOf = (traces: readonly TaskTrace[]) => Math.max(...traces.map(({ finishedAtMs }) => finishedAtMs));
  const milliseconds = endOf(rounds.at(-1)!.traces) - endOf(rounds[0]!.traces);
  const tasks = rounds.slice(1).flatMap(({ traces }) => traces);
  const sum = (value: (trace: TaskTrace) => number) => tasks.reduce((total, trace) => total + value(trace), 0);
  const busyMs = sum(({ startedAtMs, finishedAtMs }) => finishedAtMs - startedAtMs);
  return {
    ...{ processes, milliseconds, weightsHash, loadBefore },
    computeMs: sum(({ computeMs }) => computeMs),
    storeMs: sum(({ storeMs }) => storeMs),
    idleMs: processes * milliseconds - busyMs,
  };
}

try {
  // Make the datasets and fill the caches.
  for (const store of ["store", "other"]) await run(2, store);
  const runs: (Awaited<ReturnType<typeof run>> & { kind: "one" | "two" | "two apart" })[] = [];
  for (let i = 0; i < Number(process.argv[2] ?? 5); i++) {
    runs.push({ kind: "one", ...(await run(1)) });
    runs.push({ kind: "two", ...(await run(2)) });
    for (const apart of await Promise.all([run(1), run(1, "other")])) runs.push({ kind: "two apart", ...apart });
    console.table(runs.slice(-4), ["kind", "milliseconds", "computeMs", "storeMs", "idleMs", "loadBefore"]);
  }
  const times = (kind: string) => runs.filter((run) => run.kind === kind).map(({ milliseconds }) => milliseconds);
  const fastest = (kind: string) => Math.min(...times(kind));
  const ratios = {
    ofMedians: medianOf(times("one")) / medianOf(times("two")),
    ofFastest: fastest("one") / fastest("two"),
    machineAllows: (2 * fastest("one")) / fastest("two apart"),
  };
  console.log(ratios, "to reach: 1.8");
  writeResult("processes", { toReach: 1.8, ratios, runs });
} finally {
  rmSync(folder, { recursive: true });
}
