import { readFileSync } from "node:fs";
import { expect } from "chai";
import { describe, it } from "mocha";
import { renderCosts } from "../../tools/costs-page.ts";

describe("docs/costs.md", () => {
  it("says what prices and model say; `node tools/write-costs.ts` writes it", () => {
    expect(readFileSync(new URL("../../docs/costs.md", import.meta.url), "utf8")).to.equal(renderCosts());
  });
});
