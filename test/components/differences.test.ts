import { readFileSync } from "node:fs";
import { expect } from "chai";
import { describe, it } from "mocha";
import { differencesPage } from "../../components/differences-page.ts";
import { clouds, differences } from "../../components/limits.ts";

describe("docs/differences.md", () => {
  it("is what limits.ts and differences.ts say (npm run components)", () => {
    expect(readFileSync(new URL("../../docs/differences.md", import.meta.url), "utf8")).to.equal(differencesPage());
  });

  it("gives a reason for every difference, and really lists differences", () => {
    for (const difference of differences) {
      expect(difference.why).to.match(/\.$/);
      expect(new Set(clouds.map((cloud) => difference[cloud])).size, difference.what).to.be.greaterThan(1);
    }
  });
});
