import { readFileSync } from "node:fs";
import { expect } from "chai";
import { describe, it } from "mocha";
import { differencesPage } from "../../components/differences-page.ts";
import { clouds, differences } from "../../components/limits.ts";
import { withCounts } from "./counts.ts";
import { withWrongArguments } from "./wrong-arguments.ts";

describe("docs/components.md", () => {
  it("shows the error of ten wrong arguments as it is printed (npm run components)", async () => {
    const page = readFileSync(new URL("../../docs/components.md", import.meta.url), "utf8");
    expect(page).to.equal(await withWrongArguments(page));
  });

  it("counts the resources that pipelines make today (npm run components)", async () => {
    const page = readFileSync(new URL("../../docs/components.md", import.meta.url), "utf8");
    expect(page).to.equal(await withCounts(page));
  }).timeout(60_000);
});

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
