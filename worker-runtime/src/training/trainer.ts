import type { Feed, Model } from "../models/model.ts";

/** What the bits of a result may depend on besides the inputs. Native results are compared only under equal stamps. */
export interface KernelStamp {
  readonly backend: "tensorflow" | "javascript";
  readonly tensorflow: string;
  readonly threads: number;
  readonly oneDnn: boolean;
  /** Instruction sets that TensorFlow's kernels choose by, sorted, for example "avx2 avx512f fma". */
  readonly cpu: string;
}

/** What a trainer needs of a model. */
export type TrainedModel = Pick<Model, "parameters" | "loss" | "outputs">;

/**
 * Takes training steps on one model. Weights and optimizer state live inside between `begin` and `weights`, so that a step
 * crosses into TensorFlow once, with the batch alone. Not for concurrent use.
 */
export interface Trainer {
  readonly stamp: KernelStamp;
  /** "recorded": the step runs as one TensorFlow graph. "eager": op by op; `reason` says why. */
  readonly mode: "recorded" | "eager";
  readonly reason?: string;
  /**
   * Sets the weights: all parameters one after the other. `state` is what `state()` gave at a pause;
   * without it the optimizer starts anew.
   */
  begin(weights: Float32Array, state?: Float32Array): void;
  /** One step on one batch. Returns the batch's mean loss before the step. */
  step(feeds: readonly Feed[], learningRate: number): number;
  /** The weights as they are now. */
  weights(): Float32Array;
  /** The optimizer's state as it is now, to go on later with the same bits. Empty for plain SGD. */
  state(): Float32Array;
  /** What the model says of a batch, with the weights as they are now. */
  outputs(feeds: readonly Feed[]): Float32Array;
  dispose(): void;
}
