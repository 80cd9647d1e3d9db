import type * as tfjs from "@tensorflow/tfjs";
import type { Feed, Model, Parameter } from "../worker-runtime/src/models/model.ts";
import { sizeOf } from "../worker-runtime/src/training/flat.ts";
import { Random } from "../worker-runtime/src/training/random.ts";

/** A model of the step benchmark: what is trained, and a batch of made-up examples. */
export interface StepModel {
  readonly name: string;
  readonly optimizer: "sgd" | "adam";
  readonly model: Pick<Model, "parameters" | "loss" | "outputs">;
  readonly feeds: readonly Feed[];
}

export const batchSize = 64;

const random = new Random(7, "bench");

function floats(name: string, shape: number[]): Feed {
  const draw = random.derive(name);
  const values = Float32Array.from({ length: sizeOf(shape) }, (_, i) => draw.uniform(i) - 0.5);
  return { type: "float32", shape, values };
}

function indices(name: string, shape: number[], bound: number): Feed {
  const draw = random.derive(name);
  return { type: "int32", shape, values: Int32Array.from({ length: sizeOf(shape) }, (_, i) => draw.below(bound, i)) };
}

/** One-hot labels. */
function labels(classes: number): Feed {
  const values = new Float32Array(batchSize * classes);
  for (let i = 0; i < batchSize; i++) values[i * classes + (i % classes)] = 1;
  return { type: "float32", shape: [batchSize, classes], values };
}

function parameter(name: string, ...shape: number[]): Parameter {
  return { name, shape, initialiser: { kind: "uniform", scale: 0.05 } };
}

type Loss = Model["loss"];

function stepModel(
  name: string,
  optimizer: "sgd" | "adam",
  parameters: Parameter[],
  feeds: Feed[],
  loss: Loss,
): StepModel {
  return { name, optimizer, feeds, model: { parameters, loss, outputs: loss } };
}

const mlpParameters = [parameter("w1", 784, 256), parameter("b1", 256), parameter("w2", 256, 10), parameter("b2", 10)];

const mlpLoss: Loss = (tf, [w1, b1, w2, b2], [images, labels]) => {
  const hidden = tf.relu(tf.add(tf.matMul(images!, w1!), b1!));
  return tf.losses.softmaxCrossEntropy(labels!, tf.add(tf.matMul(hidden, w2!), b2!)) as tfjs.Scalar;
};

const mlpFeeds = [floats("pixels", [batchSize, 784]), labels(10)];

/** The models of issue 3's benchmark, written as a user of TensorFlow.js would. */
export const stepModels: readonly StepModel[] = [
  stepModel("MLP 784-256-10", "sgd", mlpParameters, mlpFeeds, mlpLoss),
  stepModel("MLP 784-256-10, Adam", "adam", mlpParameters, mlpFeeds, mlpLoss),
  stepModel(
    "CNN 3x3x16, 3x3x32",
    "sgd",
    [
      parameter("k1", 3, 3, 1, 16),
      parameter("b1", 16),
      parameter("k2", 3, 3, 16, 32),
      parameter("b2", 32),
      parameter("w", 7 * 7 * 32, 10),
      parameter("b3", 10),
    ],
    [floats("images", [batchSize, 28, 28, 1]), labels(10)],
    (tf, [k1, b1, k2, b2, w, b3], [images, labels]) => {
      const layer = (x: tfjs.Tensor, kernel: tfjs.Tensor, bias: tfjs.Tensor) => {
        const convolved = tf.conv2d(x as tfjs.Tensor4D, kernel as tfjs.Tensor4D, 1, "same");
        return tf.maxPool(tf.relu(tf.add(convolved, bias)) as tfjs.Tensor4D, 2, 2, "same");
      };
      const features = layer(layer(images!, k1!, b1!), k2!, b2!).reshape([-1, 7 * 7 * 32]);
      return tf.losses.softmaxCrossEntropy(labels!, tf.add(tf.matMul(features, w!), b3!)) as tfjs.Scalar;
    },
  ),
  stepModel(
    "embedding bag 32768 x 16",
    "sgd",
    [parameter("table", 32_768, 16), parameter("w", 16, 2), parameter("b", 2)],
    [indices("tokens", [batchSize, 64], 32_768), labels(2)],
    (tf, [table, w, b], [tokens, labels]) => {
      const bag = tf.mean(tf.gather(table!, tokens!), 1);
      return tf.losses.softmaxCrossEntropy(labels!, tf.add(tf.matMul(bag, w!), b!)) as tfjs.Scalar;
    },
  ),
  stepModel(
    "matrix factorisation 2000 x 3000 x 32",
    "sgd",
    [
      parameter("users", 2000, 32),
      parameter("items", 3000, 32),
      parameter("userBias", 2000),
      parameter("itemBias", 3000),
    ],
    [indices("user", [batchSize], 2000), indices("item", [batchSize], 3000), floats("rating", [batchSize])],
    (tf, [users, items, userBias, itemBias], [user, item, rating]) => {
      const match = tf.sum(tf.mul(tf.gather(users!, user!), tf.gather(items!, item!)), 1);
      const guess = tf.add(tf.add(match, tf.gather(userBias!, user!)), tf.gather(itemBias!, item!));
      return tf.mean(tf.square(tf.sub(guess, rating!))) as tfjs.Scalar;
    },
  ),
];
