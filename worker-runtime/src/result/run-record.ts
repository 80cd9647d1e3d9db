import type { JobCost } from "../cost/job-cost.ts";
import type { JobDocument } from "../job/document.ts";
import type { Plan } from "../job/plan.ts";
import type { KernelStamp } from "../training/trainer.ts";

/** What a task measured of itself. Kept beside the result and never hashed: two honest runs differ in it. */
export interface TaskTrace {
  readonly task: "step" | "reduce";
  readonly round: number;
  /** Rank of the worker, or number of the shard that was reduced. */
  readonly rank: number;
  /** Which process or function instance did it. */
  readonly place: string;
  /** Delivery attempt of the message, 1 for the first. */
  readonly attempt: number;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
  readonly computeMs: number;
  /** Waiting for the object store. */
  readonly storeMs: number;
  /** From when the message was sent to when the task began. */
  readonly queueMs: number;
  /** Loading TensorFlow and recording the step; 0 when warm. */
  readonly loadMs: number;
  readonly peakMemoryBytes: number;
  readonly requests: { readonly put: number; readonly get: number; readonly head: number; readonly list: number };
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** The first task of its process that computes, which so loads TensorFlow: a cold start. Left out where it is not. */
  readonly cold?: boolean;
  /** Of the first task of all in a cloud's process: from the start of the process until the task began. */
  readonly startUpMs?: number;
  /** Of the function, where the platform tells it. */
  readonly memoryMib?: number;
  /** Of a share that was paused: the invocations before this one. Requests and bytes above hold theirs too. */
  readonly earlier?: { readonly invocations: number; readonly milliseconds: number };
  readonly stamp?: KernelStamp;
  readonly mode?: "recorded" | "eager";
  /** Why steps ran eagerly, in one sentence without its full stop. */
  readonly eagerReason?: string;
}

/** One round as its manifest and traces tell it. */
export interface RoundRecord {
  readonly round: number;
  /** SHA-256 of the round's manifest. */
  readonly manifestHash: string;
  /** Mean loss of the round's local steps; undefined for the last round, which only measures. */
  readonly trainLoss: number | undefined;
  /** Held-out metrics of the weights that the round started from; undefined where they were not measured. */
  readonly metrics: Readonly<Record<string, number>> | undefined;
  readonly traces: readonly TaskTrace[];
}

/** A duplicate task that came to other bits than the stored ones. */
export interface Divergence {
  readonly key: string;
  readonly storedHash: string;
  readonly otherHash: string;
  readonly stamp?: KernelStamp;
  readonly place: string;
  /** Why other bits were to be expected, a sentence; left out where they were not. */
  readonly explanation?: string;
}

/** A whole run, as reports are made from it. */
export interface RunRecord {
  readonly job: string;
  readonly document: JobDocument;
  readonly plan: Plan;
  readonly dataset: {
    readonly hash: string;
    readonly trainExamples: number;
    readonly heldOutExamples: number;
    readonly skippedRows: number;
  };
  readonly outcome: {
    readonly state: "finished" | "stopped-early" | "cancelled" | "out-of-budget";
    readonly reason?: string;
  };
  /** The round whose starting weights are the result. */
  readonly resultRound: number;
  readonly primaryMetric: string;
  readonly metrics: Readonly<Record<string, number>>;
  /** SHA-256 over the final weights: f32, little-endian, in the order of the plan's parameters. */
  readonly weightsHash: string;
  readonly rounds: readonly RoundRecord[];
  readonly divergences: readonly Divergence[];
  /** At list prices. */
  readonly cost?: JobCost;
  /** The last cap in dollars, where there was one. */
  readonly budget?: number;
}

/** A run as a page shows it: one that has ended, or one that is under way. */
export interface PageRecord extends Omit<RunRecord, "outcome" | "resultRound" | "weightsHash"> {
  /** Also the states of a job without a result, such as "running". */
  readonly outcome: { readonly state: string; readonly reason?: string };
  /** Undefined, as the hash of the weights, while there is no result. */
  readonly resultRound: number | undefined;
  readonly weightsHash: string | undefined;
  /** Of a run under way: workers that are done with the round after the last closed one. */
  readonly workersDone?: number;
}
