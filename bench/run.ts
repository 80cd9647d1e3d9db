// Runs the benchmarks, one after the other: `npm run bench`, or `npm run bench -- step` for some of them. Each is a program
// of its own, prints what it measured, and writes the raw numbers to bench/results.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const suites: Readonly<Record<string, string>> = {
  step: "a training step on one core, against plain tfjs-node (and other frameworks: node bench/step.ts --peers)",
  numerics: "what portable numerics costs in the examples, and whether it learns as well",
  processes: "two worker processes against one",
  protocol: "what the protocol costs in a round, with learning that costs nothing",
  exchange: "a round over a slow store, in simulated time, beside LambdaML's two patterns, and how it scales",
  "reduce-memory": "peak memory of a sharded reduce, as workers grow",
  forecast: "forecast against measured, for jobs of the case studies in functions with a shaped network",
  resume: "what is done twice when a run is interrupted",
  imports: "importing and type-checking a pipeline of the components, against the provider's root",
  startup: "start of the command, and the time to the first step",
  "shard-memory": "memory and speed of making a dataset from 2 GB of CSV",
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(suites, name));
if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(", ")}; there are ${Object.keys(suites).join(", ")}.`);
  process.exit(2);
}

const failed: string[] = [];
for (const [name, what] of Object.entries(suites)) {
  const file = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  if ((asked.length > 0 && !asked.includes(name)) || !existsSync(file)) continue;
  console.log(`\n${name}: ${what}`);
  if (spawnSync(process.execPath, [file], { stdio: "inherit" }).status !== 0) failed.push(name);
}
if (failed.length > 0) {
  console.error(`\nNot finished: ${failed.join(", ")}.`);
  process.exit(1);
}
