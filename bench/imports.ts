// Time and memory of importing and of type-checking a pipeline by its sub-path, against the provider's root, which a
// program would import without us: `node bench/imports.ts`. As installed from npm, beyond what Pulumi's own SDK costs both.
// Writes bench/results/imports.json.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { packComponents } from "../tools/pack-components.ts";
import { medianOf, writeResult } from "./support/results.ts";

const modules = path.join(import.meta.dirname, "../node_modules");
const runs = 5;

const subjects = {
  aws: { ours: "trivet/aws", root: "@pulumi/aws/index.js" },
  gcp: { ours: "trivet/gcp", root: "@pulumi/gcp/index.js" },
  azure: { ours: "trivet/azure", root: "@pulumi/azure-native/index.js" },
};

interface Cost {
  readonly milliseconds: number;
  readonly megabytes: number;
}

const median = (costs: readonly Cost[]): Cost => ({
  milliseconds: Math.round(medianOf(costs.map(({ milliseconds }) => milliseconds))),
  megabytes: Math.round(medianOf(costs.map(({ megabytes }) => megabytes))),
});

function run(folder: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
  if (status !== 0) throw new Error(`${args.join(" ")}: ${stdout}${stderr}`);
  return stdout;
}

/** Milliseconds of the import in a new process that has the SDK already, and the memory that it adds. */
function importCost(folder: string, name: string): Cost {
  const file = path.join(folder, "import.mjs");
  writeFileSync(
    file,
    `import "@pulumi/pulumi";
const before = process.memoryUsage.rss();
const startedMs = performance.now();
await import(${JSON.stringify(name)});
console.log(JSON.stringify({
  milliseconds: performance.now() - startedMs,
  megabytes: (process.memoryUsage.rss() - before) / 1e6,
}));`,
  );
  return JSON.parse(run(folder, [file]));
}

/** What the compiler itself says that a program of one import needs. */
function checkCost(folder: string, name: string): Cost {
  const file = path.join(folder, "check.ts");
  writeFileSync(file, `import * as all from "${name}";\nexport { all };\n`);
  const flags = [
    "--noEmit",
    "--skipLibCheck",
    "--strict",
    "--module",
    "nodenext",
    "--target",
    "es2024",
    "--types",
    "node",
  ];
  const output = run(folder, [path.join(modules, "typescript/bin/tsc"), ...flags, "--extendedDiagnostics", file]);
  const number = (label: string) => Number(output.match(new RegExp(`^${label}:\\s+([\\d.]+)`, "m"))![1]);
  return { milliseconds: 1000 * number("Total time"), megabytes: number("Memory used") / 1000 };
}

/** An empty project with the package as it comes from npm, and this repository's copies of what it depends on. */
function makeProject(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "trivet-imports-"));
  mkdirSync(path.join(folder, "node_modules"));
  writeFileSync(path.join(folder, "package.json"), '{ "type": "module" }');
  for (const name of ["@pulumi", "@types", "fastest-levenshtein"])
    symlinkSync(path.join(modules, name), path.join(folder, "node_modules", name));
  packComponents(path.join(folder, "node_modules/trivet"));
  return folder;
}

const folder = makeProject();
const results: Record<string, Record<string, { ours: Cost; root: Cost }>> = {};
try {
  for (const [cloud, names] of Object.entries(subjects)) {
    results[cloud] = {};
    for (const [what, cost] of Object.entries({ import: importCost, check: checkCost })) {
      const costs: { ours: Cost[]; root: Cost[] } = { ours: [], root: [] };
      // In turns, so that a busy moment hits both. The first run, which fills the disk's cache, is left out.
      for (let i = 0; i <= runs; i++)
        for (const kind of ["ours", "root"] as const) {
          const measured = cost(folder, names[kind]);
          if (i > 0) costs[kind].push(measured);
        }
      const [ours, root] = [median(costs.ours), median(costs.root)];
      results[cloud][what] = { ours, root };
      const times = (key: keyof Cost) => (root[key] / ours[key]).toFixed(1);
      console.log(
        `${cloud} ${what}: ${ours.milliseconds} ms, ${ours.megabytes} MB; the provider's root ${root.milliseconds} ms, ` +
          `${root.megabytes} MB: ${times("milliseconds")} and ${times("megabytes")} times as much`,
      );
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
writeResult("imports", { runs, results });
