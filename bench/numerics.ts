// What portable numerics costs and whether it learns as well: the three examples, each with three seeds, portable beside
// native. `npm run bench -- numerics`. Writes bench/results/numerics.json.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { writeResult } from "./support/results.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const trivet = path.join(root, "cli/bin/trivet.mjs");
const seeds = [1, 2, 3];
const examples = ["sentiment", "recommender", "vision"];

execFileSync(process.execPath, [path.join(root, "examples/recommender/generate.ts")], { stdio: "ignore" });
const folder = mkdtempSync(path.join(tmpdir(), "trivet-numerics-"));
const results = [];
try {
  for (const example of examples) {
    for (const seed of seeds) {
      for (const numerics of ["portable", "native"]) {
        // Beside the example, since its data is named relative to it.
        const job = path.join(root, "examples", example, `job-bench-${numerics}-${seed}.yaml`);
        const text = readFileSync(path.join(root, "examples", example, "job.yaml"), "utf8");
        writeFileSync(job, `${text.replace(/^seed:.*$/m, `seed: ${seed}`)}\nnumerics: ${numerics}\n`);
        try {
          const words = [trivet, "train", job, "--store", path.join(folder, "store"), "--json"];
          const lines = execFileSync(process.execPath, words, { encoding: "utf8", stdio: "pipe" }).trim().split("\n");
          const { metrics, seconds, weightsHash } = JSON.parse(lines.at(-1)!);
          results.push({ example, seed, numerics, metrics, seconds, weightsHash });
          console.log(example, seed, numerics, JSON.stringify(metrics), seconds, weightsHash.slice(0, 8));
        } finally {
          rmSync(job);
        }
      }
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}
console.table(
  results.map(({ metrics, weightsHash, ...rest }) => ({ ...rest, ...metrics, hash: weightsHash.slice(0, 8) })),
);
writeResult("numerics", { results });
