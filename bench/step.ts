// How fast a training step is, on one core: Trivet's whole local loop (reading the batch, step, loss) against a plain
// tfjs-node loop of the same model, and its step against those of other frameworks. `node bench/step.ts [model...]`, with
// `--peers` to install and time the others. Writes bench/results/step.json.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { installPeers } from "./peers/install.ts";
import { stepModels } from "./step-models.ts";
import { medianOf, writeResult } from "./support/results.ts";
import { type Contestant, takeTurns } from "./support/turns.ts";

/** How many times as fast as plain tfjs-node the loop shall be. */
const targets: Readonly<Record<string, number>> = { mlp: 3, adam: 3, cnn: 3, bag: 5, mf: 10 };
/** And with portable numerics. */
const portableTarget = 1.2;

const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const asked = process.argv.slice(2).filter((word) => word !== "--peers");
const { python, peers } = process.argv.includes("--peers") ? installPeers() : { python: "", peers: [] };

function ours(which: string, model: string): Contestant {
  return { name: which, command: process.execPath, args: [script("step-contestants.ts"), which, model] };
}

const rates: Record<string, object> = {};
const loops = [];
const steps = [];
for (const { key, name } of stepModels) {
  if (asked.length > 0 && !asked.includes(key)) continue;
  const { command, args } = ours("difference", key);
  const difference: number = JSON.parse(execFileSync(command, args, { encoding: "utf8", stdio: "pipe" }));
  const loop = await takeTurns([ours("loop", key), ours("loop-portable", key), ours("plain", key)], {
    turns: 7,
    seconds: 1,
  });
  const others = peers.map((peer) => ({ name: peer, command: python, args: [script("peers/peers.py"), peer, key] }));
  const step = await takeTurns([ours("step", key), ours("step-portable", key), ...others], { turns: 7, seconds: 0.7 });
  rates[key] = { differenceToEager: difference, loop, step };

  const bits = difference === 0 ? "the same" : `within ${difference.toExponential(0)}`;
  const ratio = rate(loop.loop) / rate(loop.plain);
  loops.push({
    ...{
      model: name,
      "Trivet, samples/s": Math.round(rate(loop.loop)),
      "plain tfjs-node": Math.round(rate(loop.plain)),
    },
    ...{ ratio: round(ratio), "at least": targets[key], "eager's bits": bits },
    ...{
      portable: Math.round(rate(loop["loop-portable"])),
      "portable ratio": round(rate(loop["loop-portable"]) / rate(loop.plain)),
      "portable at least": portableTarget,
    },
  });
  const best = Math.max(...peers.map((peer) => rate(step[peer])).filter(Number.isFinite));
  steps.push({
    ...{ model: name, Trivet: Math.round(rate(step.step)), portable: Math.round(rate(step["step-portable"])) },
    ...Object.fromEntries(peers.map((peer) => [peer, Math.round(rate(step[peer]))])),
    "to PyTorch": round(rate(step.step) / rate(step.torch)),
    "to the best": round(rate(step.step) / best),
    "portable to PyTorch": round(rate(step["step-portable"]) / rate(step.torch)),
  });
  for (const [name, list] of Object.entries(step)) if (typeof list === "string") console.log(`${name} ${list}`);
}

console.log("The whole local loop: reading the batch, step, loss. Samples per second of one core, batches of 64.");
console.table(loops);
if (peers.length > 0) {
  console.log("The step alone, on one batch again and again.");
  console.table(steps);
}
writeResult("step", { unit: "samples per second of CPU time, in each turn", rates });

function rate(turns: number[] | string | undefined): number {
  return Array.isArray(turns) ? medianOf(turns) : Number.NaN;
}

function round(ratio: number): number {
  return Math.round(100 * ratio) / 100;
}
