import type * as tfjs from "@tensorflow/tfjs";
import type { Tf } from "../model.ts";

/** The score of a pair as TensorFlow.js layers, for export: inputs are a user's and an item's number. */
export function factorisationLayers(tf: Tf, users: number, items: number, factors: number): tfjs.LayersModel {
  const input = (name: string) => tf.input({ name, shape: [1], dtype: "int32" });
  const [user, item] = [input("user"), input("item")];
  const lookUp = (name: string, from: tfjs.SymbolicTensor, inputDim: number, outputDim: number) =>
    tf.layers.embedding({ name, inputDim, outputDim }).apply(from) as tfjs.SymbolicTensor;
  // The order of the model's parameters.
  const userVector = lookUp("user_vectors", user, users, factors);
  const itemVector = lookUp("item_vectors", item, items, factors);
  const userBias = lookUp("user_biases", user, users, 1);
  const itemBias = lookUp("item_biases", item, items, 1);
  const product = tf.layers.dot({ axes: 2 }).apply([userVector, itemVector]) as tfjs.SymbolicTensor;
  const sum = tf.layers.add().apply([product, userBias, itemBias]) as tfjs.SymbolicTensor;
  const score = tf.layers.flatten().apply(sum) as tfjs.SymbolicTensor;
  return tf.model({ inputs: [user, item], outputs: score, name: "recommendation" });
}
