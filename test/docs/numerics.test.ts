import { readFileSync } from "node:fs";
import { expect } from "chai";
import { operationList } from "../../worker-runtime/src/training/portable/operations.ts";

describe("docs/numerics.md", () => {
  it("lists the operations as portable numerics treats them today", () => {
    const page = readFileSync(new URL("../../docs/numerics.md", import.meta.url), "utf8");
    const rows = page.split("\n").filter((line) => /^\| (rewritten|in whole packets|kept: )/.test(line));
    const listed = rows.map((row) => row.split("|")[2]!.match(/\w+/g));
    const { rewrites, packets, elementwise, moves } = operationList;
    expect(listed).to.deep.equal([rewrites, packets, elementwise, moves]);
  });
});
