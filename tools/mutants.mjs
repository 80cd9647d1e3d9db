// `npm run mutants [-- words]`: makes each change of test/MUTANTS.md (those whose title, file or tests have the words) in a copy
// of the tree, runs the tests that it names, and fails unless they fail. With `--seeds N`: also how many simulated jobs of N
// (test/simulation) it takes until one goes wrong. `npm run mutants -- --seeds 1000 src/protocol`: the whole protocol.
import { execFileSync, spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { readMutants } from "./read-mutants.mjs";
import { root } from "./setup/places.mjs";

/** @typedef {import("./read-mutants.mjs").Mutant} Mutant */

/** A copy of what git knows and of what is new, so that a broken tree is never the one that is worked in. */
function copyTree() {
  const copy = mkdtempSync(path.join(tmpdir(), "trivet-mutants-"));
  const listed = ["ls-files", "--cached", "--others", "--exclude-standard"];
  const files = execFileSync("git", listed, { cwd: root, encoding: "utf8", maxBuffer: 2 ** 26 });
  for (const file of files.trim().split("\n")) cpSync(path.join(root, file), path.join(copy, file));
  linkPackages(copy);
  return copy;
}

/** Packages are those of the tree, but our own workspaces, in @trivet, must be the copy's. @param {string} copy */
function linkPackages(copy) {
  const [from, to] = [root, copy].map((folder) => path.join(folder, "node_modules"));
  mkdirSync(path.join(to, "@trivet"), { recursive: true });
  for (const name of readdirSync(from)) {
    if (name !== "@trivet") symlinkSync(path.join(from, name), path.join(to, name));
  }
  for (const name of readdirSync(path.join(from, "@trivet"))) {
    const workspace = path.relative(root, realpathSync(path.join(from, "@trivet", name)));
    symlinkSync(path.join(copy, workspace), path.join(to, "@trivet", name));
  }
}

/** @param {string} copy @param {Mutant} mutant */
function tryMutant(copy, { title, file, tests, from, to }) {
  const where = path.join(copy, file);
  const source = readFileSync(where, "utf8");
  const found = source.split(from).length - 1;
  if (found !== 1) throw new Error(`"${title}": ${file} has the lines to change ${found} times. Mend test/MUTANTS.md.`);
  writeFileSync(
    where,
    source.replace(from, () => to),
  );
  try {
    const mocha = ["--no-warnings", "node_modules/mocha/bin/mocha.js", "--bail", "--reporter", "dot", tests];
    const run = spawnSync(process.execPath, mocha, { cwd: copy, encoding: "utf8", timeout: 300_000 });
    // A mutant that does not even load would be killed by any test, so it proves nothing.
    if (!/\d+ passing|[1-9]\d* failing/.test(run.stdout)) throw new Error(`"${title}" does not run:\n${run.stderr}`);
    return { killed: run.status !== 0, how: seeds === undefined ? "" : `; ${simulate(copy, seeds)}` };
  } finally {
    writeFileSync(where, source);
  }
}

/** How many jobs the simulator needs until one goes wrong. @param {string} copy @param {string} jobs */
function simulate(copy, jobs) {
  const args = ["--no-warnings", "test/simulation/run.ts", "--jobs", jobs, "--until-failure"];
  const run = spawnSync(process.execPath, args, { cwd: copy, encoding: "utf8", timeout: 300_000 });
  const seed = /^seed (\d+)/m.exec(run.stdout)?.[1];
  if (seed) return `simulator: ${seed} ${seed === "1" ? "seed" : "seeds"}`;
  if (run.status === 0) return `simulator: alive after ${jobs} seeds`;
  return run.signal ? "simulator: hangs" : "simulator: 1 seed, which ends its process";
}

const { values, positionals } = parseArgs({ options: { seeds: { type: "string" } }, allowPositionals: true });
const { seeds } = values;
const words = positionals.join(" ").toLowerCase();
const mutants = readMutants().filter(({ title, file, tests }) =>
  `${title} ${file} ${tests}`.toLowerCase().includes(words),
);
const copy = copyTree();
const alive = [];
try {
  for (const mutant of mutants) {
    const startedAtMs = performance.now();
    const { killed, how } = tryMutant(copy, mutant);
    if (!killed) alive.push(mutant.title);
    const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1);
    console.log(`${killed ? "killed" : "ALIVE "}  ${mutant.title}  (${seconds} s${how})`);
  }
} finally {
  rmSync(copy, { recursive: true });
}
console.log(`${mutants.length - alive.length} of ${mutants.length} mutants killed`);
if (alive.length > 0 || mutants.length === 0) process.exitCode = 1;
