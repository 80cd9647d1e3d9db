import { expect } from "chai";
import { describe, it } from "mocha";
import { parseStackOutputs } from "../../worker-runtime/src/clouds/stack/outputs.ts";
import { run } from "../components/languages.ts";
import { cloudsUnderTest } from "../components/support.ts";
import { configurationOf } from "./shipped-stacks.ts";
import { shippedStacks } from "./stacks-under-test.ts";
import { childOf, everything, lasting, replacedBy, updates } from "./update-table.ts";

describe("The shipped stacks, through Pulumi's own command line and its Node host", function () {
  this.timeout(300_000);
  const stacks = shippedStacks({ replacedBy });

  it("make nothing from wrong settings, and are mended by the commands that they tell", async () => {
    const schedules = [{ name: "nightly", cron: "0 25 * * *", job: "sentiment" }];
    const { changes, environment: env } = await stacks.make("dev-gcp", {
      ...{ "trivet:memoryMb": 4096, "trivet:memoryMib": "lots", "trivet:submitters": "me" },
      ...{ "trivet:schedules": schedules, "trivet:tags": { team: 5 } },
    });
    const message = await changes("up").then(String, (error: Error) => error.message);
    expect(message).to.include("7 settings are not as it should be").and.not.include("    at ");
    expect(stacks.things()).to.deep.equal([]);
    const commands = [...message.matchAll(/^ {6}(pulumi config .+)$/gm)].map(([, command]) => command!);
    expect(commands).to.have.length(7);
    for (const command of commands) await run("sh", ["-c", command], { cwd: stacks.folder(), env });
    expect((await changes("preview")).create).to.be.greaterThan(25);

    // Also where the component itself would have been content.
    await stacks.configure("dev-gcp", { "gcp:project": "p", "gcp:region": "us-central1", "trivet:memoryMb": 4096 });
    const unknown = await changes("up").then(String, (error: Error) => error.message);
    expect(unknown).to.include("trivet:memoryMb is no setting of a stack on gcp");
    expect(stacks.things()).to.deep.equal([]);
  });

  for (const under of cloudsUnderTest)
    describe(under.title, () => {
      const name = `dev-${under.cloud}`;

      it("deploy into an empty account, change nothing again, and leave nothing behind", async () => {
        const { changes, outputs, resources } = await stacks.make(name, configurationOf(under, under.required));
        const planned = await changes("preview");
        expect(Object.keys(planned)).to.deep.equal(["create"]);
        expect(planned.create).to.be.greaterThan(25);
        expect(stacks.things()).to.have.length(0);
        // The stack itself and the component are no things in the cloud.
        expect(await changes("up")).to.deep.equal(planned);
        expect(stacks.things()).to.have.length(planned.create! - 2);
        expect(parseStackOutputs(JSON.stringify(await outputs()), name).cloud).to.equal(under.cloud);

        for (const command of ["up", "preview", "refresh"] as const)
          expect(Object.keys(await changes(command)), command).to.deep.equal(["same"]);

        if (under.cloud === "azure") {
          // Azure would remove an account with all that is in it, so it is protected until one says otherwise.
          const message = await changes("destroy").then(String, ({ message }) => message);
          expect(message).to.include("protect");
          expect(stacks.things().map(({ type }) => type)).to.include("azure-native:storage:StorageAccount");
          await stacks.configure(name, configurationOf(under, { ...under.required, removalPolicy: "destroy" }));
          await changes("up");
        }
        await changes("destroy");
        expect(await resources()).to.deep.equal([]);
        expect(stacks.things()).to.deep.equal([]);
      });

      it("change only what the settings name, and make nothing anew that holds data or tasks", async () => {
        const config = configurationOf(under, { ...everything(under), image: under.image });
        const { changes, plan, resources } = await stacks.make(name, config);
        await changes("up");
        const count = stacks.things().length;

        const rows = updates[under.cloud];
        const settings = Object.fromEntries(rows.map(({ setting, value }) => [setting, value]));
        await stacks.configure(name, configurationOf(under, { ...everything(under), ...settings }));
        const planned = new Map([...(await plan())].map(([child, op]) => [childOf(child), op]));
        for (const { setting, updated, replaced = [] } of rows) {
          for (const child of replaced) expect(planned.get(child), `${setting}: ${child}`).to.equal("replace");
          for (const child of updated)
            expect(planned.get(child), `${setting}: ${child}`).to.be.oneOf(["update", "replace"]);
        }
        const named = rows.flatMap(({ updated, replaced = [] }) => [...updated, ...replaced]);
        const others = [...planned].filter(([child]) => !named.includes(child));
        // It names the registry, which a new key makes anew.
        expect(others).to.deep.equal(under.cloud === "aws" ? [["registry-cleanup", "replace"]] : []);
        for (const child of lasting) expect(planned.get(child), child).to.be.oneOf([undefined, "update"]);

        await changes("up");
        expect(stacks.things()).to.have.length(count);
        expect(Object.keys(await changes("up"))).to.deep.equal(["same"]);
        await changes("destroy");
        expect(await resources()).to.deep.equal([]);
        expect(stacks.things()).to.deep.equal([]);
      });
    });
});
