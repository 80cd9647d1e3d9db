import { mkdir } from "node:fs/promises";
import path from "node:path";
import type { FinishedEvent } from "../../worker-runtime/src/job/events.ts";
import { runTrivet } from "../cli/run-trivet.ts";
import { startStubProvider } from "../components/stub-provider.ts";
import { initStack, type PulumiStack } from "../engine/pulumi.ts";
import { configure, copyProject } from "../engine/shipped-stacks.ts";
import type { Command } from "../entrypoints/function-hosts.ts";
import type { CallReport, EmulatedAccount, RehearsedCloud, Tell } from "./account.ts";

export interface RehearsalOptions {
  /** An empty folder. */
  readonly folder: string;
  /** Paths of job files. */
  readonly jobs: readonly string[];
  /** How the worker is started: from the image's folder, or from its source. */
  readonly command: Command;
  /** Pulumi's command line and language host, given our provider's port. */
  readonly pulumiEnvironment: (port: number) => Promise<NodeJS.ProcessEnv>;
  readonly tell: Tell;
}

export interface RehearsedJob {
  readonly name: string;
  readonly hash: string;
  /** From `trivet submit` to the result. */
  readonly seconds: number;
}

export interface Rehearsal {
  readonly resources: number;
  readonly seconds: Readonly<Record<"preview" | "up" | "second up" | "destroy", number>>;
  readonly jobs: readonly RehearsedJob[];
  readonly functionsStarted: number;
  readonly mostAtOnce: number;
  readonly calls: CallReport | undefined;
  /** What is left after `destroy`: of the state, of what the provider made, of stores and queues. Empty, one hopes. */
  readonly left: readonly string[];
  /** What the second `up` did; "same" alone, one hopes. */
  readonly secondUp: readonly string[];
}

/** Deploys the shipped stack of a cloud with the real Pulumi into emulators, trains jobs in its functions, and removes it. */
export async function rehearse(
  cloud: "aws" | "gcp" | "azure",
  rehearsed: RehearsedCloud,
  options: RehearsalOptions,
): Promise<Rehearsal> {
  const { folder, tell } = options;
  const account = await rehearsed.open();
  const provider = {
    ...account.provider,
    make: async (type: string, inputs: Readonly<Record<string, unknown>>) => {
      tell(`+ ${type}`);
      return account.provider.make!(type, inputs);
    },
  };
  const stub = await startStubProvider(provider);
  try {
    const environment = await options.pulumiEnvironment(stub.port);
    await mkdir(folder, { recursive: true });
    await copyProject(folder);
    const name = `dev-${cloud}`;
    const stack = await initStack(folder, name, environment);
    await configure(folder, name, {
      ...account.settings,
      "trivet:removalPolicy": "destroy",
      "trivet:maxConcurrency": 2,
    });
    const seconds = {} as Record<string, number>;
    const timed = async (step: string, command: "preview" | "up" | "destroy") => {
      tell(`pulumi ${command}`);
      const startedAtMs = Date.now();
      const changes = await stack.changes(command);
      seconds[step] = Math.round((Date.now() - startedAtMs) / 100) / 10;
      return changes;
    };
    await timed("preview", "preview");
    await timed("up", "up");
    const resources = stub.things.length;
    const host = account.host(stub.things, options.command, tell);
    const hosting = host.run();
    const jobs: RehearsedJob[] = [];
    try {
      for (const job of options.jobs)
        jobs.push(await Promise.race([train(job, name, stack, account, options), failing(hosting)]));
    } finally {
      await host.stop();
      await hosting;
    }
    const secondUp = Object.keys(await timed("second up", "up"));
    await timed("destroy", "destroy");
    const left = [
      ...(await stack.resources()).map(({ urn }) => urn),
      ...stub.things.map(({ type, id }) => `${type} ${id}`),
      ...(await account.existing()),
    ];
    tell(left.length === 0 ? "nothing is left: no state, no store, no queue" : `left behind: ${left.join(", ")}`);
    return {
      ...{ resources, jobs, left, secondUp, calls: account.calls?.() },
      ...{ functionsStarted: host.started, mostAtOnce: host.mostAtOnce },
      seconds: seconds as Rehearsal["seconds"],
    };
  } finally {
    stub.stop();
    await account.stop();
  }
}

/** A host that ends before it is told to could do no more work: the job would wait for ever. */
async function failing(hosting: Promise<void>): Promise<never> {
  await hosting;
  throw new Error("the functions' host ended early");
}

/** What somebody does who has a shell with Pulumi and credentials, and knows nothing but the stack's name. */
async function train(
  job: string,
  stack: string,
  { environment }: PulumiStack,
  account: EmulatedAccount,
  { folder, tell }: RehearsalOptions,
): Promise<RehearsedJob> {
  const shell = { ...(environment as Record<string, string>), ...account.shell };
  const trivet = async (...args: string[]) => {
    const { exitCode, stdout, stderr } = await runTrivet(folder, args, { environment: shell });
    if (exitCode !== 0) throw new Error(`trivet ${args.join(" ")} ended with ${exitCode}:\n${stderr}`);
    return stdout.trimEnd();
  };
  const startedAtMs = Date.now();
  const name = await trivet("submit", job, "--stack", stack, "--quiet");
  tell(`trivet submit ${path.basename(path.dirname(job))}: ${name}`);
  const events = (await trivet("watch", name, "--stack", stack, "--json")).split("\n").map((line) => JSON.parse(line));
  const seconds = Math.round((Date.now() - startedAtMs) / 100) / 10;
  await trivet("fetch", name, "--stack", stack, "--to", `model-${name}`, "--verify");
  const { weightsHash } = events.at(-1) as FinishedEvent;
  tell(
    `${name}: ${events.filter(({ type }) => type === "round").length} rounds, ${seconds} s, sha256 ${weightsHash!.slice(0, 16)}`,
  );
  return { name, hash: weightsHash!, seconds };
}
