import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { root } from "../components/languages.ts";
import { cloudsUnderTest } from "../components/support.ts";
import { configurationOf } from "./shipped-stacks.ts";
import { shippedStacks } from "./stacks-under-test.ts";
import { childOf, lasting, replacedBy } from "./update-table.ts";

const states = path.join(import.meta.dirname, "states");
const { version } = JSON.parse(readFileSync(path.join(root, "components/package.json"), "utf8"));

/**
 * The state of a stack of each released version, as `pulumi stack export` gives it. TRIVET_WRITE_STATES=1 records this
 * version's; those of earlier versions are never written again.
 */
describe("A stack that an earlier version deployed", function () {
  this.timeout(300_000);
  const stacks = shippedStacks({ replacedBy });

  for (const under of cloudsUnderTest) {
    const name = `dev-${under.cloud}`;
    const current = path.join(states, `${under.cloud}-${version}.json`);
    const config = configurationOf(under, { ...under.required, image: under.image });

    if (process.env.TRIVET_WRITE_STATES === "1")
      it(`is recorded of version ${version} on ${under.title}`, async () => {
        const { changes, pulumi } = await stacks.make(name, config);
        await changes("up");
        const state = JSON.parse(await pulumi("stack", "export"));
        writeFileSync(current, `${JSON.stringify(state, withoutPlaces, 2)}\n`);
        stacks.things().splice(0);
      });

    it(`of this version is recorded on ${under.title}`, () => {
      expect(existsSync(current), `${path.basename(current)}: TRIVET_WRITE_STATES=1 records it`).to.equal(true);
    });

    for (const file of readdirSync(states).filter((file) => file.startsWith(`${under.cloud}-`)))
      it(`keeps its data and its tasks: ${file}`, async () => {
        const { pulumi, plan, resources } = await stacks.make(name, config);
        await pulumi("stack", "import", "--file", path.join(states, file));
        const held = (await resources()).map(({ urn }) => childOf(urn.split("::").at(-1)!));
        expect(held.filter((child) => lasting.includes(child))).to.have.length.greaterThan(2);
        const planned = new Map([...(await plan())].map(([child, op]) => [childOf(child), op]));
        for (const child of lasting) expect(planned.get(child), child).to.be.oneOf([undefined, "update"]);
        if (file === path.basename(current)) expect([...planned]).to.deep.equal([]);
      });
  }
});

/** Leaves out where in the program, and when, a resource was made. */
function withoutPlaces(key: string, value: unknown): unknown {
  return ["sourcePosition", "stackTrace", "created", "modified", "manifest"].includes(key) ? undefined : value;
}
