import type { Codec, JobDocument } from "./document.ts";

/** A trainable tensor in the flat vector of weights. */
export interface ParameterSlot {
  readonly name: string;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly length: number;
}

/**
 * `jobs/<job>/plan.json`: everything that was decided before the first step. Together with `spec.json` and the dataset it
 * fixes every byte of the result.
 */
export interface Plan {
  readonly version: 1;
  readonly job: string;
  readonly datasetHash: string;
  readonly seed: number;
  /** W: how many updates make a round. */
  readonly workers: number;
  /** R: rounds 0 to R-1 train; round R only measures. */
  readonly rounds: number;
  /** H: local steps of a worker in a round. */
  readonly localSteps: number;
  /** A paused task goes on at a multiple of this many local steps. */
  readonly partSteps: number;
  readonly batchSize: number;
  readonly codec: Codec;
  /** portable: the same bits on every CPU; native: only on machines of one kind. */
  readonly numerics: JobDocument["numerics"];
  /** Whether the outer step has a momentum, which then is stored with each model. */
  readonly outerMomentum: boolean;
  /** S: the flat weights are cut into this many shards, each reduced by itself. */
  readonly reducers: number;
  readonly parameters: readonly ParameterSlot[];
  readonly weightCount: number;
  /** Rounds whose starting weights are measured on the held-out examples: every n-th and the last; 0: only the last. */
  readonly evaluateEvery: number;
  /** A task that failed so often ends the job. */
  readonly maximumAttempts: number;
}
