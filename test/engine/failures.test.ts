import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { after, describe, it } from "mocha";
import { root } from "../components/languages.ts";
import type { StubOptions } from "../components/stub-provider.ts";
import { cloudsUnderTest } from "../components/support.ts";
import { markdownTable } from "../support/markdown.ts";
import { withSection } from "../support/marked-section.ts";
import { configurationOf } from "./shipped-stacks.ts";
import { shippedStacks } from "./stacks-under-test.ts";

/**
 * With TRIVET_EVERY_FAILURE=1 the n-th creation fails once, for every n: some minutes. Else for a few n, by the seed.
 * TRIVET_WRITE_DOCS=1 then writes the table in docs/stacks.md.
 */
const everyFailure = process.env.TRIVET_EVERY_FAILURE === "1";
const page = path.join(root, "docs/stacks.md");
const columns = ["Stack", "Creations", "n tried", "Failed `up`s", "Made twice", "Left after destroy", "Seconds"];
const seed = Number(process.env.TRIVET_SEED ?? 20_261_125);

describe("A deployment in which the cloud refuses things", function () {
  this.timeout(everyFailure ? 3_600_000 : 300_000);
  /** Everything that was ever made, with the things that were removed again. */
  const made: string[] = [];
  const options: StubOptions = {
    async make(type, _, name) {
      made.push(`${type} ${name}`);
      return {};
    },
  };
  const rows: string[][] = [];
  const stacks = shippedStacks(options);

  after(() => {
    if (!everyFailure || process.env.TRIVET_WRITE_DOCS !== "1" || rows.length !== cloudsUnderTest.length) return;
    writeFileSync(page, withSection(readFileSync(page, "utf8"), "failures", markdownTable(columns, rows)));
  });

  for (const under of cloudsUnderTest)
    it(`goes on where it stopped on ${under.title}, and creates nothing twice`, async () => {
      const startedAtMs = performance.now();
      made.splice(0);
      const { changes, resources } = await stacks.make(under.cloud, configurationOf(under, under.required));
      const total = (await changes("preview")).create! - 2;
      // Creations let through before the next is refused, in one attempt after the other. One at a time (--parallel 1).
      const steps = everyFailure
        ? Array.from({ length: total }, (_, i) => Math.min(i, 1))
        : fc.sample(fc.integer({ min: 1, max: Math.ceil(total / 3) }), { seed, numRuns: 3 });
      console.log(`      seed ${seed}: refused after ${steps.join(", ")} of ${total}`);

      const tried = new Set<number>();
      for (const allowed of steps) {
        const existing = stacks.things().length;
        if (existing + allowed >= total) break;
        let asked = 0;
        options.refuse = () => (asked++ < allowed ? undefined : "the quota is used up");
        const message = await changes("up", "--parallel", "1").then(String, (error: Error) => error.message);
        expect(message).to.include("the quota is used up");
        expect(stacks.things()).to.have.length(existing + allowed);
        expect(await custom(resources())).to.have.members(names());
        tried.add(existing + allowed + 1);
      }
      delete options.refuse;
      await changes("up");
      const twice = made.length - new Set(made).size;
      expect(twice).to.equal(0);
      expect(made).to.have.length(total);
      expect(names()).to.have.members(made);
      expect(Object.keys(await changes("up"))).to.deep.equal(["same"]);
      if (under.cloud === "azure") {
        await stacks.configure(under.cloud, configurationOf(under, { ...under.required, removalPolicy: "destroy" }));
        await changes("up");
      }
      await changes("destroy");
      expect(stacks.things()).to.deep.equal([]);
      expect(await resources()).to.deep.equal([]);
      if (everyFailure) expect(tried).to.have.length(total);
      const seconds = Math.round((performance.now() - startedAtMs) / 1000);
      const left = stacks.things().length;
      rows.push([under.title, ...[total, tried.size, steps.length, twice, left, seconds].map(String)]);
    });

  const names = () => stacks.things().map(({ type, name }) => `${type} ${name}`);
});

/** Type and name of what the state says is in the cloud. */
async function custom(resources: Promise<readonly { urn: string; type: string; id?: string }[]>): Promise<string[]> {
  const inCloud = (await resources).filter(({ type, id }) => id !== undefined && !type.startsWith("pulumi:"));
  return inCloud.map(({ type, urn }) => `${type} ${urn.split("::").at(-1)}`);
}
