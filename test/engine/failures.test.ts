import { expect } from "chai";
import fc from "fast-check";
import { after, before, describe, it } from "mocha";
import { type StubOptions, type StubProvider, startStubProvider } from "../components/stub-provider.ts";
import { cloudsUnderTest } from "../components/support.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { cloudPackages, initStack, pulumiEnvironment } from "./pulumi.ts";
import { configurationOf, configure, copyProject } from "./shipped-stacks.ts";

/** With TRIVET_EVERY_FAILURE=1 each resource's creation fails once: some minutes. Else a few of them, by the seed. */
const everyFailure = process.env.TRIVET_EVERY_FAILURE === "1";
const seed = Number(process.env.TRIVET_SEED ?? 20_261_125);

describe("A deployment in which the cloud refuses things", function () {
  this.timeout(everyFailure ? 1_800_000 : 300_000);
  const folder = temporaryFolder();
  const options: StubOptions = {};
  let stub: StubProvider;
  let environment: NodeJS.ProcessEnv;

  before(async function () {
    stub = await startStubProvider(options);
    environment = await pulumiEnvironment(this, "nodejs", cloudPackages(stub.port));
  });
  after(() => stub?.stop());

  for (const under of cloudsUnderTest)
    it(`goes on where it stopped on ${under.title}, and creates nothing twice`, async () => {
      await copyProject(folder());
      const { changes, resources } = await initStack(folder(), under.cloud, environment);
      await configure(folder(), under.cloud, configurationOf(under, under.required));
      const total = (await changes("preview")).create! - 2;
      // Creations let through before the next is refused, in one attempt after the other. One at a time (--parallel 1).
      const steps = everyFailure
        ? Array.from({ length: total }, (_, i) => Math.min(i, 1))
        : fc.sample(fc.integer({ min: 1, max: Math.ceil(total / 3) }), { seed, numRuns: 3 });
      console.log(`      seed ${seed}: refused after ${steps.join(", ")} of ${total}`);

      for (const allowed of steps) {
        const existing = stub.things.length;
        let asked = 0;
        options.refuse = () => (asked++ < allowed ? undefined : "the quota is used up");
        const message = await changes("up", "--parallel", "1").then(String, (error: Error) => error.message);
        if (existing + allowed >= total) break;
        expect(message).to.include("the quota is used up");
        expect(stub.things).to.have.length(existing + allowed);
        expect(await custom(resources())).to.have.members(names());
      }
      delete options.refuse;
      await changes("up");
      expect(new Set(names())).to.have.length(total);
      expect(names()).to.have.length(total);
      expect(Object.keys(await changes("up"))).to.deep.equal(["same"]);
      if (under.cloud === "azure") {
        await configure(folder(), under.cloud, configurationOf(under, { ...under.required, removalPolicy: "destroy" }));
        await changes("up");
      }
      await changes("destroy");
      expect(stub.things).to.deep.equal([]);
    });

  const names = () => stub.things.map(({ type, name }) => `${type} ${name}`);
});

/** Type and name of what the state says is in the cloud. */
async function custom(resources: Promise<readonly { urn: string; type: string; id?: string }[]>): Promise<string[]> {
  const inCloud = (await resources).filter(({ type, id }) => id !== undefined && !type.startsWith("pulumi:"));
  return inCloud.map(({ type, urn }) => `${type} ${urn.split("::").at(-1)}`);
}
