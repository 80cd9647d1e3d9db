import type * as tfjs from "@tensorflow/tfjs";
import type { Examples } from "../data/types.ts";
import type { ModelConfig } from "../job/document.ts";
import { classAnswers, classMetrics, scoreClasses } from "./classification.ts";
import type { Feed, Model, ModelKind, Tf } from "./model.ts";
import { restoredTextEncoder, type TextEncoding, textEncoder } from "./text/encoder.ts";

type Config = ModelConfig<"text-classification">;

/**
 * Labels texts, such as reviews by sentiment. A linear model on hashed n-grams: each feature has one number for each label, and
 * a text's score for a label is the weighted sum over its features. Strong on short texts and small data, and fast.
 */
export const textClassification: ModelKind<Config> = {
  kind: "text-classification",
  primary: { metric: "accuracy", better: "higher" },
  encoder: textEncoder,
  restoredEncoder: (config, data, encoding) => restoredTextEncoder(config, data, encoding as TextEncoding),
  model: (config, encoding) => textModel(config, (encoding as TextEncoding).labels),
};

function textModel({ buckets, featuresPerText }: Config, labels: readonly string[]): Model {
  const outputFeeds = ({ count, columns }: Examples): Feed[] => [
    { type: "int32", shape: [count, featuresPerText], values: columns.features as Int32Array },
    { type: "float32", shape: [count, featuresPerText], values: columns.weights as Float32Array },
  ];
  const logits = (tf: Tf, [embeddings]: tfjs.Tensor[], [features, weights]: tfjs.Tensor[]) =>
    tf.sum(tf.mul(tf.gather(embeddings!, features!), tf.reshape(weights!, [-1, featuresPerText, 1])), 1);
  return {
    parameters: [{ name: "embeddings", shape: [buckets, labels.length], initialiser: { kind: "zeros" } }],
    trainingFeeds: (examples) => [
      ...outputFeeds(examples),
      { type: "int32", shape: [examples.count], values: examples.columns.label as Int32Array },
    ],
    loss(tf, weights, [features, featureWeights, label]) {
      const right = tf.oneHot(label as tfjs.Tensor1D, labels.length);
      return tf.losses.softmaxCrossEntropy(right, logits(tf, weights, [features!, featureWeights!]));
    },
    outputFeeds,
    outputs: (tf, weights, feeds) => tf.softmax(logits(tf, weights, feeds)),
    score: (outputs, { columns }) => scoreClasses(outputs, columns.label!, labels.length),
    metrics: classMetrics,
    answers: (outputs) => classAnswers(outputs, labels),
    layers(tf) {
      const features = tf.input({ shape: [featuresPerText], dtype: "int32", name: "features" });
      const weights = tf.input({ shape: [featuresPerText], name: "weights" });
      const embedding = tf.layers.embedding({ inputDim: buckets, outputDim: labels.length, name: "embeddings" });
      const logits = tf.layers.dot({ axes: [1, 1] }).apply([embedding.apply(features) as tfjs.SymbolicTensor, weights]);
      const probabilities = tf.layers.softmax().apply(logits) as tfjs.SymbolicTensor;
      return tf.model({ inputs: [features, weights], outputs: probabilities, name: "text_classification" });
    },
  };
}
