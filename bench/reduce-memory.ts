// Peak memory of one sharded reduce as workers grow: it must not grow with them. `node bench/reduce-memory.ts`.
// Writes bench/results/reduce-memory.json. Each reduce runs in a process of its own, on updates that lie in files.
import { execFileSync } from "node:child_process";
import { linkSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LocalObjectStore } from "../worker-runtime/src/clouds/local/object-store.ts";
import { MemoryTaskQueue } from "../worker-runtime/src/clouds/memory/task-queue.ts";
import { keys } from "../worker-runtime/src/protocol/keys.ts";
import { encodeMessage } from "../worker-runtime/src/protocol/messages.ts";
import { submit } from "../worker-runtime/src/protocol/submit.ts";
import { medianOf, writeResult } from "./support/results.ts";
import { clock, stubJob, stubWorker } from "./support/stub-world.ts";

/** ResNet-18's 44.7 MB in 8 shards of 5.6 MB. */
const job = { weightCount: 11_175_000, rounds: 1, reducers: 8 };
const repeats = 3;

/** A store in which round 0 waits for its reduces: the first model, and as many updates as workers, all one file. */
async function prepare(folder: string, workers: number): Promise<void> {
  const { document, plan, manifest } = stubJob({ ...job, workers });
  const store = await LocalObjectStore.open(folder);
  const queue = new MemoryTaskQueue(clock);
  const worker = stubWorker(plan, store, queue);
  await store.putIfAbsent("datasets/none/manifest.json", Buffer.from(JSON.stringify(manifest)));
  await submit(store, queue, clock.nowMs(), document, plan);
  await worker.handle((await queue.receive(900))!);
  await worker.handle((await queue.receive(900))!);
  const first = join(folder, keys.update(plan.job, 0, 0));
  for (let rank = 1; rank < workers; rank++) linkSync(first, join(folder, keys.update(plan.job, 0, rank)));
}

/** The child process: reduces one shard and tells the most memory that it has had, before and after. */
async function reduce(folder: string, workers: number): Promise<void> {
  const { plan } = stubJob({ ...job, workers });
  const store = await LocalObjectStore.open(folder);
  const queue = new MemoryTaskQueue(clock);
  await queue.send([
    encodeMessage({ trivet: 1, job: plan.job, sentAtMs: 0, task: { kind: "reduce", round: 0, shard: 3 } }),
  ]);
  const beforeMB = peakMB();
  const handled = await stubWorker(plan, store, queue).handle((await queue.receive(900))!);
  if (handled.outcome !== "done") throw new Error(`the reduce came to ${handled.outcome}`, { cause: handled });
  console.log(JSON.stringify({ beforeMB, afterMB: peakMB() }));
}

/** This process's own peak; getrusage's maxRSS begins with that of the process which started it (Linux, fork). */
function peakMB(): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"))![1]) / 1000;
}

if (process.argv[2] === "--reduce") {
  await reduce(process.argv[3]!, Number(process.argv[4]));
} else {
  const rows = [];
  for (const workers of [4, 16, 64]) {
    const runs: { beforeMB: number; afterMB: number }[] = [];
    for (let i = 0; i < repeats; i++) {
      const folder = mkdtempSync(join(tmpdir(), "trivet-reduce-"));
      try {
        await prepare(folder, workers);
        const command = [fileURLToPath(import.meta.url), "--reduce", folder, String(workers)];
        runs.push(JSON.parse(execFileSync(process.execPath, command, { encoding: "utf8" })));
      } finally {
        rmSync(folder, { recursive: true });
      }
    }
    const peakMB = Math.round(medianOf(runs.map(({ afterMB }) => afterMB)));
    const ofReduceMB = Math.round(medianOf(runs.map(({ beforeMB, afterMB }) => afterMB - beforeMB)));
    rows.push({ workers, shardMB: 5.6, peakMB, ofReduceMB });
  }
  console.table(rows);
  writeResult("reduce-memory", { rows });
}
