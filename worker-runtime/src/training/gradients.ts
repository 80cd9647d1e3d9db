import type * as tfjs from "@tensorflow/tfjs";
import { UserError } from "../errors.ts";
import type { Tf } from "../models/model.ts";
import type { TrainedModel } from "./trainer.ts";

/** The model's loss on a batch, then its gradients, one for each parameter; with `clipNorm` scaled down to that global norm. */
export function lossAndGradients(
  tf: Tf,
  model: Pick<TrainedModel, "parameters" | "loss">,
  weights: tfjs.Tensor[],
  feeds: tfjs.Tensor[],
  clipNorm: number | undefined,
): tfjs.Tensor[] {
  const { value: loss, grads } = tf.engine().gradients(() => model.loss(tf, weights, feeds), weights, undefined, true);
  if (loss.size !== 1) {
    throw new UserError(
      `The model's loss has shape [${loss.shape}], but it must be one number: the mean over the batch.`,
    );
  }
  const unused = model.parameters.filter((_, i) => !grads[i]).map(({ name }) => name);
  if (unused.length > 0) {
    throw new UserError(
      `The loss does not depend on ${unused.map((name) => `"${name}"`).join(", ")}, so it cannot be trained. ` +
        "Use it in `loss`, or leave it out of the parameters.",
    );
  }
  return [loss, ...(clipNorm === undefined ? grads : clip(tf, grads, clipNorm))];
}

/** Scales all gradients by clipNorm / max(norm, clipNorm), where norm is the length of all of them as one vector. */
function clip(tf: Tf, gradients: tfjs.Tensor[], clipNorm: number): tfjs.Tensor[] {
  const norm = tf.sqrt(tf.addN(gradients.map((gradient) => tf.sum(tf.square(gradient)))));
  const scale = tf.div(clipNorm, tf.maximum(norm, clipNorm));
  return gradients.map((gradient) => gradient.mul(scale));
}
