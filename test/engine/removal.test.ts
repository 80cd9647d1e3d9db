import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import type { Cloud } from "../../components/limits.ts";
import { type StubProvider, startStubProvider } from "../components/stub-provider.ts";
import { cloudsUnderTest } from "../components/support.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { cloudPackages, initStack, pulumiEnvironment } from "./pulumi.ts";
import { configurationOf, configure, copyProject } from "./shipped-stacks.ts";
import { childOf } from "./update-table.ts";

/** What outlives a pipeline whose data is to be retained. */
const retained: Readonly<Record<Cloud, readonly string[]>> = {
  aws: ["bucket", "registry", "log-group"],
  gcp: ["bucket", "registry", "log-bucket"],
  azure: ["account", "container", "registry", "workspace", "resource-group"],
};

describe("Data that is there before or after a pipeline", function () {
  this.timeout(300_000);
  const folder = temporaryFolder();
  let stub: StubProvider;
  let environment: NodeJS.ProcessEnv;

  before(async function () {
    stub = await startStubProvider();
    environment = await pulumiEnvironment(this, "nodejs", cloudPackages(stub.port));
  });
  after(() => stub?.stop());

  for (const under of cloudsUnderTest) {
    it(`outlives a destroy on ${under.title} where it is to be retained`, async () => {
      await copyProject(folder());
      const { changes, resources } = await initStack(folder(), under.cloud, environment);
      await configure(folder(), under.cloud, configurationOf(under, { ...under.required, removalPolicy: "retain" }));
      await changes("up");
      await changes("destroy");
      expect(await resources()).to.deep.equal([]);
      const left = stub.things.splice(0).map(({ name }) => childOf(name));
      expect(left).to.have.members(retained[under.cloud]);
    });

    it(`is used and left alone on ${under.title} where the bucket is adopted`, async () => {
      await copyProject(folder());
      const { changes, outputs, resources } = await initStack(folder(), under.cloud, environment);
      const { bucket } = under.options["adopted bucket"]!;
      const args = { ...under.required, bucket, removalPolicy: "destroy" };
      await configure(folder(), under.cloud, configurationOf(under, args));
      await changes("up");
      const stored = ["bucket", "account", "lifecycle"];
      expect(stub.things.filter(({ name }) => stored.includes(childOf(name)))).to.deep.equal([]);
      expect((await outputs()).storeUrl).to.include(under.cloud === "azure" ? "//adopted.blob." : "//my-bucket");
      await changes("destroy");
      expect(await resources()).to.deep.equal([]);
      expect(stub.things).to.deep.equal([]);
    });
  }
});
