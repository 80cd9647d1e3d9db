/** What a stack deployed of one function, as far as its platform acts on it. */
export interface DeployedFunction {
  /** The resource's name. */
  readonly name: string;
  /** All that the function's resource says, and nothing else. */
  readonly environment: Readonly<Record<string, string>>;
  readonly memoryMib: number;
  /** Seconds after which the platform ends a task (on Azure an execution). */
  readonly timeoutSeconds: number;
  /** Instances at the same time. */
  readonly maxConcurrency: number;
  /** Instances that are kept though there is nothing to do. */
  readonly warmInstances: number;
}

/** What functions do, for whoever watches. `name` is the instance's. */
export type FunctionEvent =
  | { readonly type: "started" | "stopped"; readonly name: string; readonly running: number }
  | { readonly type: "killed"; readonly name: string; readonly running: number; readonly reason: string };

/** Starts and stops instances of a function as its platform does. */
export interface FunctionHost {
  /** Lines that the instances wrote to their log. */
  readonly log: readonly LoggedLine[];
  readonly running: number;
  /** Instances that were started, and how many there were at once. */
  readonly started: number;
  readonly mostAtOnce: number;
  /** The largest memory of an instance so far, in MiB. */
  readonly peakMib: number;
  /** Resolves when nothing runs any more: scaled to zero. */
  idle(): Promise<void>;
  /** Ends everything. Rejects with the first thing that went wrong in the host itself. */
  stop(): Promise<void>;
}

/** A line of a worker's log, and when its process was started, in milliseconds since 1970. */
export interface LoggedLine {
  readonly startedAtMs: number;
  readonly line: Readonly<Record<string, unknown>>;
}

/**
 * How many times faster the clouds' own waits pass here: KEDA's look at the queue, Pub/Sub's pauses before it pushes again.
 * What was deployed (timeouts, deadlines, attempts) is kept as it is.
 */
export const hurry = 20;
