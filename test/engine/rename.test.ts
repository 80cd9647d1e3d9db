import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { cloudsUnderTest } from "../components/support.ts";
import { configurationOf } from "./shipped-stacks.ts";
import { shippedStacks } from "./stacks-under-test.ts";
import { replacedBy } from "./update-table.ts";

describe("A pipeline that gets another name in its program", function () {
  this.timeout(300_000);
  const stacks = shippedStacks({ replacedBy });

  for (const under of cloudsUnderTest)
    it(`keeps what it has on ${under.title} where the old name is an alias`, async () => {
      stacks.things().splice(0); // The other clouds' things have the same ids.
      const { changes } = await stacks.make(under.cloud, configurationOf(under, under.required));
      await changes("up");
      const before = ids();

      const program = path.join(stacks.folder(), "stacks", `${under.cloud}.ts`);
      const source = await readFile(program, "utf8");
      const renamed = source.replace('("training", args)', '("learning", args, { aliases: [{ name: "training" }] })');
      expect(renamed).to.not.equal(source);
      await writeFile(program, renamed);
      await changes("up");
      const after = ids();
      expect(after).to.have.members(before);
    });

  const ids = () => stacks.things().map(({ id }) => id);
});
