import type * as tfjs from "@tensorflow/tfjs";
import type { Feed, Model } from "../models/model.ts";
import type { Backend } from "./backend.ts";
import type { TrainerOptions } from "./create-trainer.ts";
import { join, sizeOf, split } from "./flat.ts";
import { lossAndGradients } from "./gradients.ts";
import { makeOptimizer, type Optimizer } from "./optimizer.ts";
import type { KernelStamp, Trainer } from "./trainer.ts";

/** Takes each step op by op: any model, any backend. It is also what a recorded step is checked against. */
export class EagerTrainer implements Trainer {
  readonly stamp: KernelStamp;
  readonly mode = "eager";
  readonly reason: string;
  readonly #tf: Backend["tf"];
  readonly #model: Model;
  readonly #clipNorm: number | undefined;
  readonly #optimizer: Optimizer;
  #weights: tfjs.Tensor[] = [];
  /** `#slots[k][i]`: slot k of parameter i. */
  #slots: tfjs.Tensor[][] = [];
  #scalars: readonly number[] = [];

  /** `reason`: why the step is not recorded. */
  constructor({ tf, stamp }: Backend, model: Model, { optimizer, clipNorm }: TrainerOptions, reason: string) {
    this.stamp = stamp;
    this.reason = reason;
    this.#tf = tf;
    this.#model = model;
    this.#clipNorm = clipNorm;
    this.#optimizer = makeOptimizer(tf, optimizer);
  }

  begin(weights: Float32Array, state?: Float32Array): void {
    this.dispose();
    const { parameters } = this.#model;
    const { slots, scalars } = this.#optimizer;
    const size = parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    state ??= join([new Float32Array(slots * size), scalars]);
    const tensors = (flat: Float32Array, offset: number) =>
      // A copy, since the backend keeps the array and the caller may go on to use it.
      split(flat.slice(), parameters, offset).map((values, i) => this.#tf.tensor(values, [...parameters[i]!.shape]));
    this.#weights = tensors(weights, 0);
    this.#slots = Array.from({ length: slots }, (_, slot) => tensors(state, slot * size));
    this.#scalars = Array.from(state.subarray(slots * size));
  }

  step(feeds: readonly Feed[], learningRate: number): number {
    const before = [this.#weights, ...this.#slots];
    const [loss, after] = this.#tf.tidy(() => {
      const { loss, gradients } = lossAndGradients(
        this.#tf,
        this.#model,
        this.#weights,
        this.#tensors(feeds),
        this.#clipNorm,
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
      const parts = before.map((_, part) => updated.map((tensors) => tensors[part]!));
      return [loss.dataSync()[0]!, parts.map((part) => part.map((tensor) => this.#tf.keep(tensor)))] as const;
    });
    this.#tf.dispose(before);
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
    return tf.tidy(() => Float32Array.from(this.#model.outputs(tf, this.#weights, this.#tensors(feeds)).dataSync()));
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
