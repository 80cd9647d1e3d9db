import type { Cloud } from "../../../components/limits.ts";
import type { ObjectStore } from "../../../worker-runtime/src/ports/object-store.ts";
import type { Thing } from "../../components/stub-provider.ts";
import type { Tool } from "../../tools/tools.ts";
import type { DeployedFunction, FunctionEvent, FunctionHost } from "../functions/deployed.ts";
import type { WorkerImage } from "../image.ts";
import type { Identity, Permissions } from "../permissions/calls.ts";

/** One cloud, made of emulators that others wrote. */
export interface RehearsedCloud {
  readonly cloud: Cloud;
  readonly needs: readonly Tool[];
  start(image: WorkerImage): Promise<RunningCloud>;
}

export interface RunningCloud {
  /** Makes what the stack asks for in the emulators. Gives outputs to lay over the made-up ones. */
  make(
    type: string,
    inputs: Readonly<Record<string, unknown>>,
    name: string,
  ): Promise<Record<string, unknown> & { id?: string }>;
  remove(thing: Thing): Promise<void>;
  /** Every bucket and queue that there is. */
  all(): Promise<string[]>;
  /** What a stack cannot do without here, as configuration. */
  readonly configuration: Readonly<Record<string, unknown>>;
  /** What the shell of whoever submits jobs must have to find the emulators. Once the stack is open, the submitter's role holds there. */
  readonly submitterShell: Readonly<Record<string, string>>;
  /** The same for whoever runs the pipeline, past any role. */
  readonly operatorShell: Readonly<Record<string, string>>;
  /** The pipeline that these things are, once `pulumi up` has made them. */
  open(things: readonly Thing[]): Promise<DeployedPipeline>;
  stop(): Promise<void>;
}

/** What the platform does with a deployed pipeline. */
export interface DeployedPipeline {
  /** With all rights, past the role. */
  readonly store: ObjectStore;
  readonly worker: DeployedFunction;
  /** Each identity's role against its calls. */
  readonly permissions: Readonly<Record<Identity, Permissions>>;
  startHost(onEvent: (event: FunctionEvent) => void): Promise<FunctionHost>;
  /** About how many messages are among the dead letters. */
  countDeadLetters(): Promise<number>;
  /** The clock is at a moment when this schedule fires: its platform does what was deployed. */
  fire(schedule: Thing, at: Date): Promise<void>;
  /** Puts a message of anybody's into the queue. */
  send(body: string): Promise<void>;
  /** An object was stored; its platform tells whom it was told to tell. False where it was told to tell nobody of it. */
  announce(key: string): Promise<boolean>;
  /** The prediction endpoint, as deployed, behind its platform's front door. */
  startPredictor(): Promise<Predictor>;
}

export interface Predictor {
  /** Answers a POST to /predict. */
  predict(body: string): Promise<{ readonly status: number; readonly body: unknown }>;
  stop(): Promise<void>;
}

/** The one thing whose name ends so: `worker`, `worker-policy`. Throws where there is none. */
export function thingNamed(things: readonly Thing[], name: string): Thing {
  const found = things.find((thing) => thing.name === `training-${name}`);
  if (!found) throw new Error(`the stack deployed nothing named training-${name}`);
  return found;
}
