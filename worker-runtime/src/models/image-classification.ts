import type * as tfjs from "@tensorflow/tfjs";
import type { Examples } from "../data/types.ts";
import type { ModelConfig } from "../job/document.ts";
import { classAnswers, classMetrics, scoreClasses } from "./classification.ts";
import { type ImageEncoding, imageEncoder, restoredImageEncoder } from "./image/encoder.ts";
import type { Feed, Model, ModelKind, Parameter, Tf } from "./model.ts";

type Config = ModelConfig<"image-classification">;

/**
 * Labels pictures by a small convolutional network: for each of `filters` a 3 x 3 convolution, relu, and a 2 x 2 pool that
 * halves height and width; then the hidden layers of `dense`, and one output for each label.
 */
export const imageClassification: ModelKind<Config> = {
  kind: "image-classification",
  primary: { metric: "accuracy", better: "higher" },
  encoder: imageEncoder,
  restoredEncoder: (_, data, encoding) => restoredImageEncoder(data, encoding as ImageEncoding),
  model: (config, encoding) => imageModel(config, encoding as ImageEncoding),
};

function imageModel(config: Config, { labels, shape }: ImageEncoding): Model {
  const convolutions = config.filters.length;
  const outputFeeds = ({ count, columns }: Examples): Feed[] => [
    { type: "float32", shape: [count, ...shape], values: scaled(columns.image as Uint8Array) },
  ];
  const logits = (tf: Tf, weights: tfjs.Tensor[], [images]: tfjs.Tensor[]) => {
    const layers = Array.from({ length: weights.length / 2 }, (_, i) => weights.slice(2 * i, 2 * i + 2));
    let hidden = images!;
    for (const [kernel, bias] of layers.slice(0, convolutions)) {
      const filtered = tf.conv2d(hidden as tfjs.Tensor4D, kernel as tfjs.Tensor4D, 1, "same");
      hidden = tf.maxPool(tf.relu(tf.add(filtered, bias!)) as tfjs.Tensor4D, 2, 2, "same");
    }
    hidden = tf.reshape(hidden, [hidden.shape[0]!, -1]);
    for (const [i, [kernel, bias]] of layers.slice(convolutions).entries()) {
      hidden = tf.add(tf.matMul(hidden, kernel!), bias!);
      if (i < config.dense.length) hidden = tf.relu(hidden);
    }
    return hidden;
  };
  return {
    parameters: parameters(config, shape, labels.length),
    trainingFeeds: (examples) => [
      ...outputFeeds(examples),
      { type: "int32", shape: [examples.count], values: examples.columns.label as Int32Array },
    ],
    loss(tf, weights, [images, label]) {
      const right = tf.oneHot(label as tfjs.Tensor1D, labels.length);
      return tf.losses.softmaxCrossEntropy(right, logits(tf, weights, [images!]));
    },
    outputFeeds,
    outputs: (tf, weights, feeds) => tf.softmax(logits(tf, weights, feeds) as tfjs.Tensor2D),
    score: (outputs, { columns }) => scoreClasses(outputs, columns.label!, labels.length),
    metrics: classMetrics,
    answers: (outputs) => classAnswers(outputs, labels),
    layers(tf) {
      const model = tf.sequential({ name: "image_classification" });
      for (const [i, filters] of config.filters.entries()) {
        const input = i === 0 ? { inputShape: [...shape] } : {};
        model.add(tf.layers.conv2d({ ...input, filters, kernelSize: 3, padding: "same", activation: "relu" }));
        model.add(tf.layers.maxPooling2d({ poolSize: 2, padding: "same" }));
      }
      model.add(tf.layers.flatten());
      for (const units of config.dense) model.add(tf.layers.dense({ units, activation: "relu" }));
      model.add(tf.layers.dense({ units: labels.length, activation: "softmax" }));
      return model;
    },
  };
}

/** Kernel and bias of each layer: [3, 3, channels in, channels out] of a convolution, [in, out] of a dense layer. */
function parameters({ filters, dense }: Config, shape: ImageEncoding["shape"], labels: number): Parameter[] {
  let [height, width, channels]: readonly number[] = shape;
  const layers: { name: string; kernel: number[] }[] = [];
  for (const [i, outputs] of filters.entries()) {
    layers.push({ name: `convolution${i + 1}`, kernel: [3, 3, channels!, outputs] });
    [height, width, channels] = [Math.ceil(height! / 2), Math.ceil(width! / 2), outputs];
  }
  let inputs = height! * width! * channels!;
  for (const [i, outputs] of [...dense, labels].entries()) {
    layers.push({ name: i < dense.length ? `dense${i + 1}` : "output", kernel: [inputs, outputs] });
    inputs = outputs;
  }
  return layers.flatMap(({ name, kernel }): Parameter[] => [
    { name: `${name}/kernel`, shape: kernel, initialiser: { kind: name === "output" ? "glorot" : "he" } },
    { name: `${name}/bias`, shape: kernel.slice(-1), initialiser: { kind: "zeros" } },
  ]);
}

const brightness = Float32Array.from({ length: 256 }, (_, byte) => byte / 255);

/** By the memory that the pixels lie in: a loaded dataset uses its own again for each batch. */
const lastScaled = new WeakMap<ArrayBufferLike, Float32Array>();

/** Pixels from 0 to 1. Later pixels in the same memory may replace them. */
export function scaled(pixels: Uint8Array): Float32Array {
  let values = lastScaled.get(pixels.buffer);
  if (values?.length !== pixels.length) {
    values = new Float32Array(pixels.length);
    lastScaled.set(pixels.buffer, values);
  }
  for (let i = 0; i < pixels.length; i++) values[i] = brightness[pixels[i]!]!;
  return values;
}
