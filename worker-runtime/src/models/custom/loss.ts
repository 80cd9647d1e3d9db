import type * as tfjs from "@tensorflow/tfjs";
import type { Tf } from "../model.ts";
import type { CustomConfig } from "./network.ts";

export type LossName = CustomConfig["loss"];

/** As Keras has it: a probability of 0 is taken for this much, so that its logarithm is finite. */
const leastProbability = 1e-7;

/**
 * The mean loss of a topology's answers. Whether those are probabilities (`isProbability`) or logits depends on its last
 * layer; from logits the same is computed with less rounding.
 */
export function meanLoss(
  tf: Tf,
  loss: LossName,
  target: tfjs.Tensor,
  answer: tfjs.Tensor,
  isProbability: boolean,
): tfjs.Scalar {
  if (loss === "meanSquaredError") return tf.mean(tf.square(tf.sub(answer, target)));
  if (!isProbability) return tf.losses[loss](target, answer) as tfjs.Scalar;
  if (loss === "sigmoidCrossEntropy")
    return tf.losses.logLoss(target, answer, undefined, leastProbability) as tfjs.Scalar;
  const clipped = tf.clipByValue(answer, leastProbability, 1);
  return tf.neg(tf.mean(tf.sum(tf.mul(tf.cast(target, "float32"), tf.log(clipped)), 1)));
}
