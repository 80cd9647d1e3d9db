import type * as tfjs from "@tensorflow/tfjs";
import type { Feed } from "../models/model.ts";
import type { Backend } from "./backend.ts";
import type { TrainerOptions } from "./create-trainer.ts";
import { join, split } from "./flat.ts";
import { lossAndGradients } from "./gradients.ts";
import { initialState, makeOptimizer, type Optimizer } from "./optimizer.ts";
import type { KernelStamp, TrainedModel, Trainer } from "./trainer.ts";

/** Computes loss and gradients from `inputs` (parameters, then feeds) by calling `run`; a recorder looks on. */
export type Compute = (inputs: tfjs.Tensor[], run: () => tfjs.Tensor[]) => tfjs.Tensor[];

/** Takes each step op by op: any model, any backend. It is also what a recorded step is checked against. */
export class EagerTrainer implements Trainer {
  readonly stamp: KernelStamp;
  readonly mode = "eager";
  readonly reason = "only TensorFlow's native library can record a step";
  readonly #tf: Backend["tf"];
  readonly #model: TrainedModel;
  readonly #clipNorm: number | undefined;
  readonly #optimizer: Optimizer;
  #weights: tfjs.Tensor[] = [];
  /** `#slots[k][i]`: slot k of parameter i. */
  #slots: tfjs.Tensor[][] = [];
  #scalars: readonly number[] = [];

  constructor({ tf, stamp }: Backend, model: TrainedModel, { optimizer, clipNorm }: TrainerOptions) {
    this.stamp = stamp;
    this.#tf = tf;
    this.#model = model;
    this.#clipNorm = clipNorm;
    this.#optimizer = makeOptimizer(optimizer);
  }

  begin(weights: Float32Array, state = initialState(this.#optimizer, weights.length)): void {
    this.dispose();
    const { parameters } = this.#model;
    const { slots } = this.#optimizer;
    // Copies, since the backend keeps an array for as long as the tensor lives.
    const tensors = (flat: Float32Array, offset: number) =>
      split(flat, parameters, offset).map((values, i) => this.#tf.tensor(values.slice(), [...parameters[i]!.shape]));
    this.#weights = tensors(weights, 0);
    this.#slots = Array.from({ length: slots }, (_, slot) => tensors(state, slot * weights.length));
    this.#scalars = Array.from(state.subarray(slots * weights.length));
  }

  step(feeds: readonly Feed[], learningRate: number, compute: Compute = (_, run) => run()): number {
    const tf = this.#tf;
    const before = [this.#weights, ...this.#slots];
    const [loss, after] = tf.tidy(() => {
      const batch = this.#tensors(feeds);
      const [lossTensor, ...gradients] = compute([...this.#weights, ...batch], () =>
        lossAndGradients(tf, this.#model, this.#weights, batch, this.#clipNorm),
      );
      const updated = gradients.map((gradient, i) =>
        this.#optimizer.update({
          weight: this.#weights[i]!,
          gradient,
          slots: this.#slots.map((slot) => slot[i]!),
          scalars: this.#scalars,
          learningRate,
        }),
      );
      const parts = before.map((_, part) => updated.map((tensors) => tf.keep(tensors[part]!)));
      return [lossTensor!.dataSync()[0]!, parts] as const;
    });
    tf.dispose(before);
    [this.#weights, ...this.#slots] = after as [tfjs.Tensor[], ...tfjs.Tensor[][]];
    this.#scalars = this.#optimizer.advance(this.#scalars);
    return loss;
  }

  weights(): Float32Array {
    return read(this.#weights);
  }

  state(): Float32Array {
    return join([...this.#slots.map(read), this.#scalars]);
  }

  outputs(feeds: readonly Feed[]): Float32Array {
    const tf = this.#tf;
    // Not returned from `tidy`, which would look for tensors among its numbers, one by one.
    let outputs = new Float32Array();
    tf.tidy(() => {
      outputs = new Float32Array(this.#model.outputs(tf, this.#weights, this.#tensors(feeds)).dataSync());
    });
    return outputs;
  }

  dispose(): void {
    this.#tf.dispose([this.#weights, this.#slots]);
    this.#weights = [];
    this.#slots = [];
  }

  #tensors(feeds: readonly Feed[]): tfjs.Tensor[] {
    return feeds.map(({ values, shape, type }) => this.#tf.tensor(values, [...shape], type));
  }
}

function read(tensors: readonly tfjs.Tensor[]): Float32Array {
  return join(tensors.map((tensor) => tensor.dataSync()));
}
