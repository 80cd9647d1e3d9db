import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { expect } from "chai";
import { readMutants } from "../../tools/read-mutants.mjs";

const at = (path: string) => new URL(`../../${path}`, import.meta.url);

describe("test/MUTANTS.md", () => {
  it("names lines that stand in the code, once, and tests that are there", () => {
    const mutants = readMutants();
    expect(mutants.length).to.be.greaterThan(100);
    const stale = mutants.filter(({ file, from, tests }) => {
      const found = readFileSync(at(file), "utf8").split(from).length - 1;
      return found !== 1 || !existsSync(at(tests.includes("*") ? dirname(tests) : tests));
    });
    expect(stale.map(({ title }) => title)).to.deep.equal([]);
  });
});
