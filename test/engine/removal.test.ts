import { expect } from "chai";
import { describe, it } from "mocha";
import type { Cloud } from "../../components/limits.ts";
import { cloudsUnderTest } from "../components/support.ts";
import { configurationOf } from "./shipped-stacks.ts";
import { shippedStacks } from "./stacks-under-test.ts";
import { childOf } from "./update-table.ts";

/** What outlives a pipeline whose data is to be retained. */
const retained: Readonly<Record<Cloud, readonly string[]>> = {
  aws: ["bucket", "registry", "log-group"],
  gcp: ["bucket", "registry", "log-bucket"],
  azure: ["account", "container", "registry", "workspace", "resource-group"],
};

describe("Data that is there before or after a pipeline", function () {
  this.timeout(300_000);
  const stacks = shippedStacks();

  for (const under of cloudsUnderTest) {
    it(`outlives a destroy on ${under.title} where it is to be retained`, async () => {
      const config = configurationOf(under, { ...under.required, removalPolicy: "retain" });
      const { changes, resources } = await stacks.make(under.cloud, config);
      await changes("up");
      await changes("destroy");
      expect(await resources()).to.deep.equal([]);
      const left = stacks
        .things()
        .splice(0)
        .map(({ name }) => childOf(name));
      expect(left).to.have.members(retained[under.cloud]);
    });

    it(`is used and left alone on ${under.title} where the bucket is adopted`, async () => {
      const { bucket } = under.options["adopted bucket"]!;
      const args = { ...under.required, bucket, removalPolicy: "destroy" };
      const { changes, outputs, resources } = await stacks.make(under.cloud, configurationOf(under, args));
      await changes("up");
      const stored = ["bucket", "account", "lifecycle"];
      expect(stacks.things().filter(({ name }) => stored.includes(childOf(name)))).to.deep.equal([]);
      expect((await outputs()).storeUrl).to.include(under.cloud === "azure" ? "//adopted.blob." : "//my-bucket");
      await changes("destroy");
      expect(await resources()).to.deep.equal([]);
      expect(stacks.things()).to.deep.equal([]);
    });
  }
});
