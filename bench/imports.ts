// Time and memory of importing and of type-checking a pipeline by its sub-path, against the provider's root, which a
// program would import without us: `node bench/imports.ts`. As installed from npm, beyond what Pulumi's own SDK costs, which
// every program pays. Beside it the resource that is the worker itself, imported by its own file: the types of a resource
// with nested arguments name those of the whole provider, which are in two files of 5 to 9 MB, so nothing that has such a
// resource can cost less. Writes bench/results/imports.json.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { packComponents } from "../tools/pack-components.ts";
import { writeResult } from "./support/results.ts";

const modules = path.join(import.meta.dirname, "../node_modules");
const runs = 3;

const kinds = ["ours", "root", "resource", "sdk"] as const;
type Kind = (typeof kinds)[number];

const sdk = "@pulumi/pulumi";
const subjects: Record<string, Record<Kind, string>> = {
  aws: { ours: "trivet/aws", root: "@pulumi/aws/index.js", resource: "@pulumi/aws/lambda/function.js", sdk },
  gcp: { ours: "trivet/gcp", root: "@pulumi/gcp/index.js", resource: "@pulumi/gcp/cloudrunv2/service.js", sdk },
  azure: {
    ours: "trivet/azure",
    root: "@pulumi/azure-native/index.js",
    resource: "@pulumi/azure-native/app/job.js",
    sdk,
  },
};

interface Cost {
  readonly milliseconds: number;
  readonly megabytes: number;
}

/** The fastest and the smallest: whatever else the machine does only adds. */
const least = (costs: readonly Cost[]): Cost => ({
  milliseconds: Math.round(Math.min(...costs.map(({ milliseconds }) => milliseconds))),
  megabytes: Math.round(Math.min(...costs.map(({ megabytes }) => megabytes))),
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

/** What the compiler itself says that a program of one import needs; the SDK is part of it. */
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
const results: Record<string, Record<string, Record<Kind, Cost>>> = {};
try {
  for (const [cloud, names] of Object.entries(subjects)) {
    results[cloud] = {};
    for (const [what, cost] of Object.entries({ import: importCost, check: checkCost })) {
      const costs: Record<Kind, Cost[]> = { ours: [], root: [], resource: [], sdk: [] };
      // In turns, so that a busy moment hits all of them. The first run, which fills the disk's cache, is left out.
      for (let i = 0; i <= runs; i++)
        for (const kind of kinds) {
          const measured = cost(folder, names[kind]);
          if (i > 0) costs[kind].push(measured);
        }
      const leasts = Object.fromEntries(kinds.map((kind) => [kind, least(costs[kind])])) as Record<Kind, Cost>;
      results[cloud][what] = leasts;
      const { ours, root } = leasts;
      const times = (key: keyof Cost) => ((root[key] - leasts.sdk[key]) / (ours[key] - leasts.sdk[key])).toFixed(1);
      const told = kinds.map((kind) => `${kind} ${leasts[kind].milliseconds} ms, ${leasts[kind].megabytes} MB`);
      console.log(
        `${cloud} ${what}: ${told.join("; ")}. Beyond the SDK the root costs ${times("milliseconds")} times the time and ` +
          `${times("megabytes")} times the memory of ours`,
      );
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
writeResult("imports", { runs, what: "the fastest and the smallest of all runs", results });
