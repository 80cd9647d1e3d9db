import type * as tfjs from "@tensorflow/tfjs";
import type { Feed } from "../models/model.ts";
import type { Backend } from "./backend.ts";
import { split } from "./flat.ts";
import type { TrainedModel } from "./trainer.ts";

/** A model's outputs, op by op. The weights stay in TensorFlow from one batch to the next. */
export class OutputFunction {
  readonly #tf: Backend["tf"];
  readonly #model: TrainedModel;
  #weights: tfjs.Tensor[] | undefined;

  constructor({ tf }: Backend, model: TrainedModel) {
    this.#tf = tf;
    this.#model = model;
  }

  run(feeds: readonly Feed[], weights: () => Float32Array): Float32Array {
    const tf = this.#tf;
    const { parameters } = this.#model;
    this.#weights ??= split(weights(), parameters).map((values, i) => tf.tensor(values, [...parameters[i]!.shape]));
    const held = this.#weights;
    // Not returned from `tidy`, which would look for tensors among its numbers, one by one.
    let outputs = new Float32Array();
    tf.tidy(() => {
      const tensors = feeds.map(({ values, shape, type }) => tf.tensor(values, [...shape], type));
      outputs = new Float32Array(this.#model.outputs(tf, held, tensors).dataSync());
    });
    return outputs;
  }

  /** To be called when the weights change. */
  forgetWeights(): void {
    if (this.#weights !== undefined) this.#tf.dispose(this.#weights);
    this.#weights = undefined;
  }
}
