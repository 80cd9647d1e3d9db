import path from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { run } from "../cli/run-trivet.ts";
import { root } from "../components/languages.ts";

describe("npm run verify:cloud", () => {
  const verify = (...args: string[]) => run(root, [path.join(root, "tools/verify-cloud.ts"), ...args]);

  it("does nothing without a cloud, with an unknown one, or with what is no setting", async () => {
    for (const args of [[], ["ibm", "--yes"], ["gcp", "--yes", "my-project"]]) {
      const { exitCode, stdout, stderr } = await verify(...args);
      expect(exitCode, stderr).to.equal(2);
      expect(stderr).to.include("npm run verify:cloud -- aws|gcp|azure [--yes]").and.not.include("    at ");
      expect(stdout).to.equal("");
    }
  });
});
