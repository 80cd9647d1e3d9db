import type * as tfjs from "@tensorflow/tfjs";
import type { Encoder, Examples } from "../data/types.ts";
import type { DataSection } from "../job/document.ts";
import type { Random } from "../training/random.ts";

export type Tf = typeof tfjs;

/** A trainable tensor: its name in the exported files, its shape, and how it starts. */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initialiser: Initialiser;
}

/** How a parameter starts; drawn by counter from the job's seed and the parameter's name (training/initialisers.ts). */
export type Initialiser =
  | { readonly kind: "zeros" | "ones" }
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "uniform" | "normal"; readonly scale: number }
  | { readonly kind: "glorot" | "he" }
  | { readonly kind: "values"; readonly values: Float32Array };

/** One tensor that a step is fed with: the first dimension of `shape` is the batch. */
export interface Feed {
  readonly type: "float32" | "int32";
  readonly shape: readonly number[];
  readonly values: Float32Array | Int32Array;
}

/** Sums over held-out examples, added up over workers in rank order: `examples` and what the metrics need. */
export type Sums = Readonly<Record<string, number>>;

/**
 * What is trained: four pure functions over one set of parameters. TensorFlow's part (`loss`, `outputs`) is recorded
 * once and then runs as one graph, so it must not read values back, branch on them, or draw random numbers: whatever
 * changes from step to step comes in as a feed.
 */
export interface Model {
  readonly parameters: readonly Parameter[];
  /** The feeds of one training step: always as many, of the same types and shapes but for the batch dimension. */
  trainingFeeds(examples: Examples, random: Random): Feed[];
  /** Mean loss over the batch, a scalar. `weights` are in the order of `parameters`. */
  loss(tf: Tf, weights: tfjs.Tensor[], feeds: tfjs.Tensor[]): tfjs.Scalar;
  /** The feeds of one held-out or prediction batch. */
  outputFeeds(examples: Examples): Feed[];
  /** What the model says of each example: first dimension the batch. */
  outputs(tf: Tf, weights: tfjs.Tensor[], feeds: tfjs.Tensor[]): tfjs.Tensor;
  /** Sums for the metrics, in plain double arithmetic over `outputs` in example order. */
  score(outputs: Float32Array, examples: Examples): Sums;
  /** The metrics from the sums; `primary` of the kind is the one that is shown and stops early. */
  metrics(sums: Sums): Record<string, number>;
  /** A person's answer to a prediction: for each example of a batch one JSON object. */
  answers(outputs: Float32Array, examples: Examples): Record<string, unknown>[];
  /**
   * The model as a TensorFlow.js layers model whose weights are in the order of `parameters`, for export; undefined for
   * a model that cannot be said in layers (a user's own module), which is exported as safetensors alone.
   */
  layers(tf: Tf): tfjs.LayersModel | undefined;
}

/** Which column of a row plays which role. */
export type DataColumns = Pick<DataSection, "columns">;

/** A family of models that a job names with `model.kind`. `Config` is its part of the job document. */
export interface ModelKind<Config> {
  readonly kind: string;
  /** The metric that is shown first and that early stop follows, and whether more of it is better. */
  readonly primary: { readonly metric: string; readonly better: "higher" | "lower" };
  encoder(config: Config, data: DataColumns): Encoder;
  /** An encoder that repeats what a dataset's encoder learned, for prediction on new rows. */
  restoredEncoder(config: Config, data: DataColumns, encoding: unknown): Encoder;
  /** A promise where code or a topology of the user's must be loaded first. */
  model(config: Config, encoding: unknown): Model | Promise<Model>;
}
