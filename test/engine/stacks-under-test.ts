import { after, before } from "mocha";
import { type StubOptions, type StubProvider, startStubProvider, type Thing } from "../components/stub-provider.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { cloudPackages, initStack, type PulumiStack, pulumiEnvironment } from "./pulumi.ts";
import { configure, copyProject } from "./shipped-stacks.ts";

/**
 * For a suite whose tests run the shipped stacks through Pulumi's own command line: a folder with the project for each test,
 * and our provider in the clouds' place. Skips the tests where a part cannot be had.
 */
export function shippedStacks(options: StubOptions = {}) {
  const folder = temporaryFolder();
  let stub: StubProvider;
  let environment: NodeJS.ProcessEnv;

  before(async function () {
    stub = await startStubProvider(options);
    environment = await pulumiEnvironment(this, "nodejs", cloudPackages(stub.port));
  });
  after(() => stub?.stop());

  return {
    folder,
    /** What there is in the clouds. */
    things: (): Thing[] => stub.things,
    /** Makes a stack with this configuration, in a folder that has no project yet. */
    async make(name: string, config: Readonly<Record<string, unknown>>): Promise<PulumiStack> {
      await copyProject(folder());
      const stack = await initStack(folder(), name, environment);
      await configure(folder(), name, config);
      return stack;
    },
    configure: (name: string, config: Readonly<Record<string, unknown>>) => configure(folder(), name, config),
  };
}
