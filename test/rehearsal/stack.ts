import { runTrivet } from "../cli/run-trivet.ts";
import { startStubProvider, type Thing } from "../components/stub-provider.ts";
import { cloudsUnderTest } from "../components/support.ts";
import { cloudPackages, environmentWith, initStack, type PulumiStack } from "../engine/pulumi.ts";
import { configurationOf, configure, copyProject } from "../engine/shipped-stacks.ts";
import type { RehearsedCloud, RunningCloud } from "./clouds/cloud.ts";
import type { WorkerImage } from "./image.ts";

/** A thing of the stack came into being or went. `count`: how many there are now. */
export type StackEvent = { readonly type: "made" | "removed"; readonly thing: string; readonly count: number };

/** A stack of the shipped program, by Pulumi's real command line, with emulators behind our provider. */
export interface RehearsedStack {
  readonly name: string;
  readonly pulumi: PulumiStack;
  readonly running: RunningCloud;
  /** What there is of it, in the cloud as the provider knows it. */
  readonly things: readonly Thing[];
  /** Runs the command `trivet` with a submitter's rights. Throws with what it said when it fails. */
  trivet(...args: string[]): Promise<string>;
  /** The same with all rights: `redrive` takes messages out, which submitters may not. */
  operate(...args: string[]): Promise<string>;
  stop(): Promise<void>;
}

/** Settings of the shipped stacks, such as `{ maxConcurrency: 2 }`. */
export type Settings = Readonly<Record<string, unknown>>;

/** Makes the project in `folder` with a configured stack that is not up yet. */
export async function makeStack(
  rehearsed: RehearsedCloud,
  folder: string,
  image: WorkerImage,
  settings: Settings,
  onEvent: (event: StackEvent) => void = () => {},
): Promise<RehearsedStack> {
  const { cloud } = rehearsed;
  const under = cloudsUnderTest.find((one) => one.cloud === cloud)!;
  const running = await rehearsed.start(image);
  const stub = await startStubProvider({
    async make(type, inputs, name) {
      const made = await running.make(type, inputs, name);
      onEvent({ type: "made", thing: name, count: stub.things.length + 1 });
      return made;
    },
    async remove(thing) {
      await running.remove(thing);
      onEvent({ type: "removed", thing: thing.name, count: stub.things.length });
    },
  });
  await copyProject(folder);
  const name = `rehearsal-${cloud}`;
  const pulumi = await initStack(folder, name, await environmentWith("nodejs", cloudPackages(stub.port)));
  await configure(folder, name, configurationOf(under, { ...under.required, ...running.configuration, ...settings }));
  const trivetIn =
    (shell: Readonly<Record<string, string>>) =>
    async (...args: string[]) => {
      const env = { ...(pulumi.environment as Record<string, string>), ...shell };
      const { exitCode, stdout, stderr } = await runTrivet(folder, args, { environment: env });
      if (exitCode !== 0) throw new Error(`trivet ${args.join(" ")} ended with ${exitCode}:\n${stderr}`);
      return stdout;
    };
  return {
    ...{ name, pulumi, running, things: stub.things },
    trivet: trivetIn(running.submitterShell),
    operate: trivetIn(running.operatorShell),
    async stop() {
      stub.stop();
      await running.stop();
    },
  };
}
