import type { KernelStamp } from "../training/trainer.ts";

/** Weights in the middle of a task, after `step` local steps. */
export interface LocalState {
  readonly step: number;
  readonly weights: Float32Array;
  /** The inner optimizer's state; empty at the start of a task, which begins with a fresh one. */
  readonly optimizer: Float32Array;
  /** Sum of the batch losses so far. */
  readonly lossSum: number;
}

/** Sums over held-out examples; metrics are made from them. */
export type Sums = Readonly<Record<string, number>>;

/** A file of the result. */
export interface ResultFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * The learning itself, as the protocol sees it: pure functions of the plan and of what is passed in. What stands behind it
 * is training/learner.ts, or plain arithmetic in the protocol's tests.
 */
export interface Learner {
  /** What the bits may depend on; the audit compares native results only under equal stamps. */
  readonly stamp: KernelStamp | undefined;
  readonly mode: "recorded" | "eager" | undefined;
  /** Why steps run op by op, where they do: a sentence without its full stop. */
  readonly eagerReason: string | undefined;
  /** Milliseconds spent so far on loading TensorFlow and recording the step. */
  readonly loadMs: number;
  /** Held-out metric that leads, and which way is better. */
  readonly primary: { readonly metric: string; readonly better: "higher" | "lower" };
  initialWeights(): Float32Array;
  /** Takes local steps `from.step` to `toStep` - 1 of a worker in a round. */
  train(round: number, worker: number, from: LocalState, toStep: number): Promise<LocalState>;
  /** Measures weights on the worker's share of the held-out examples. */
  measure(worker: number, weights: Float32Array): Promise<Sums>;
  metrics(sums: Sums): Record<string, number>;
  /** The model in the formats that people load. */
  exportModel(weights: Float32Array): Promise<ResultFile[]>;
}
