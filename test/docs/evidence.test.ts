import { readFileSync } from "node:fs";
import { expect } from "chai";
import { describe, it } from "mocha";
import { evidenceFile, evidencePage } from "../../bench/evidence.ts";

describe("docs/evidence.md", () => {
  it("says what the benchmarks last measured; `node bench/evidence.ts` writes it", () => {
    expect(readFileSync(evidenceFile, "utf8")).to.equal(evidencePage());
  });
});
