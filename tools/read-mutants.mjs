import { readFileSync } from "node:fs";
import path from "node:path";
import { root } from "./setup/places.mjs";

/** @typedef {{ title: string, file: string, tests: string, from: string, to: string }} Mutant */

/** The mutants of test/MUTANTS.md. @returns {Mutant[]} */
export function readMutants() {
  const page = readFileSync(path.join(root, "test/MUTANTS.md"), "utf8");
  const form = /^### (.+)\n\n`(.+)` against `(.+)`\n\n```diff\n([\s\S]+?)\n```$/gm;
  return Array.from(page.matchAll(form), ([, title, file, tests, diff]) => ({
    ...{ title, file, tests },
    from: linesOf(diff, "-"),
    to: linesOf(diff, "+"),
  }));
}

/** @param {string} diff @param {string} sign */
function linesOf(diff, sign) {
  const lines = diff.split("\n").filter((line) => line.startsWith(sign));
  return lines.map((line) => line.slice(2)).join("\n");
}
