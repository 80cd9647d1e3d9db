import type { StubOptions, Thing } from "../components/stub-provider.ts";
import type { Command } from "../entrypoints/function-hosts.ts";
import type { Tool } from "../tools/tools.ts";

/** Says what happens, for whoever watches: one line without its place. */
export type Tell = (line: string) => void;

/** Runs the worker that a stack deployed, as its cloud would, until it is told to stop. */
export interface FunctionHost {
  /** Resolves when it is stopped; rejects when it cannot go on. */
  run(): Promise<void>;
  stop(): Promise<void>;
  /** Instances that were started, and how many there were at once. */
  readonly started: number;
  readonly mostAtOnce: number;
}

/** A call to the cloud, in the cloud's own name for the right that it needs. */
export interface CallReport {
  readonly made: number;
  readonly refused: readonly string[];
  /** Rights that the worker used, and those it has and did not need. */
  readonly used: readonly string[];
  readonly unused: readonly string[];
}

/** An account of a cloud that is made of emulators. */
export interface EmulatedAccount {
  /** Makes what `pulumi up` asks for: stores and queues in emulators; the rest is only kept. */
  readonly provider: StubOptions;
  /** What the shell of a person who is signed in has. */
  readonly shell: Readonly<Record<string, string>>;
  /** Settings of the stack that the cloud needs. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Names of all stores and queues that there are. */
  existing(): Promise<string[]>;
  /** A host for the worker among `things`, which `pulumi up` made; `command` starts it. */
  host(things: readonly Thing[], command: Command, tell: Tell): FunctionHost;
  /** What the worker asked for, where the emulator's front could tell. */
  calls?(): CallReport;
  stop(): Promise<void>;
}

export interface RehearsedCloud {
  readonly title: string;
  readonly needs: readonly Tool[];
  open(): Promise<EmulatedAccount>;
}

/** What the stack gave to the first thing of a type. */
export function inputsOf<Inputs>(things: readonly Thing[], type: string): Inputs {
  const thing = things.find((thing) => thing.type === type);
  if (!thing) throw new Error(`the stack has no ${type}`);
  return thing.inputs as Inputs;
}
