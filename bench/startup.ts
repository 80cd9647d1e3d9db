// Start-up of the command: `node bench/startup.ts`. Writes bench/results/startup.json.
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";

const runs = 20;
const command = fileURLToPath(new URL("../cli/bin/trivet.mjs", import.meta.url));

/** Milliseconds from the start of the process to its end, of each run; the first, which fills the caches, is left out. */
function measure(args: readonly string[]): number[] {
  const times: number[] = [];
  for (let run = 0; run <= runs; run++) {
    const startedAtMs = performance.now();
    const { status } = spawnSync(process.execPath, [command, ...args], { stdio: "ignore" });
    if (status !== 0) throw new Error(`trivet ${args.join(" ")} ended with exit code ${status}`);
    if (run > 0) times.push(performance.now() - startedAtMs);
  }
  return times.sort((a, b) => a - b);
}

function summary(times: readonly number[]) {
  const at = (part: number) => Math.round(times[Math.floor(part * (times.length - 1))]!);
  return { medianMs: at(0.5), fastestMs: at(0), slowestMs: at(1), runs: times.length };
}

const result = {
  node: process.versions.node,
  cpu: `${cpus().length} x ${cpus()[0]?.model}`,
  help: summary(measure(["--help"])),
  version: summary(measure(["--version"])),
};
const file = fileURLToPath(new URL("./results/startup.json", import.meta.url));
mkdirSync(fileURLToPath(new URL("./results", import.meta.url)), { recursive: true });
writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
console.log(result);
