import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import type { Cloud } from "../../components/limits.ts";
import { type StubProvider, startStubProvider } from "../components/stub-provider.ts";
import { cloudsUnderTest } from "../components/support.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { cloudPackages, initStack, pulumiEnvironment } from "./pulumi.ts";
import { configurationOf, configure, copyProject } from "./shipped-stacks.ts";
import { replacedBy } from "./update-table.ts";

/** Ids of what cannot keep its name: a registry is named by its program, and an account's name is cut to what Google allows. */
const madeAnew: Readonly<Record<Cloud, readonly string[]>> = {
  aws: [],
  gcp: ["training-registry-id", "t-f1f57b-worker-accoun-id", "t-c6049a-submitter-acc-id"],
  azure: [],
};

describe("A pipeline that gets another name in its program", function () {
  this.timeout(300_000);
  const folder = temporaryFolder();
  let stub: StubProvider;
  let environment: NodeJS.ProcessEnv;

  before(async function () {
    stub = await startStubProvider({ replacedBy });
    environment = await pulumiEnvironment(this, "nodejs", cloudPackages(stub.port));
  });
  after(() => stub?.stop());

  for (const under of cloudsUnderTest)
    it(`keeps what it has on ${under.title} where the old name is an alias`, async () => {
      stub.things.splice(0); // The other clouds' things have the same ids.
      await copyProject(folder());
      const { changes } = await initStack(folder(), under.cloud, environment);
      await configure(folder(), under.cloud, configurationOf(under, under.required));
      await changes("up");
      const before = ids();

      const program = path.join(folder(), "stacks", `${under.cloud}.ts`);
      const source = await readFile(program, "utf8");
      const renamed = source.replace('("training", args)', '("learning", args, { aliases: [{ name: "training" }] })');
      expect(renamed).to.not.equal(source);
      await writeFile(program, renamed);
      await changes("up");
      const after = ids();
      expect(before.filter((id) => !after.includes(id))).to.have.members(madeAnew[under.cloud]);
      expect(after).to.have.length(before.length);
    });

  const ids = () => stub.things.map(({ id }) => id);
});
