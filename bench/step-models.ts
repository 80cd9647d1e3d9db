import type * as tfjs from "@tensorflow/tfjs";
import type { Column, ColumnValues, Examples } from "../worker-runtime/src/data/types.ts";
import { scaled } from "../worker-runtime/src/models/image-classification.ts";
import type { Feed, Model, Parameter } from "../worker-runtime/src/models/model.ts";
import { sizeOf } from "../worker-runtime/src/training/flat.ts";
import { Random } from "../worker-runtime/src/training/random.ts";

/** A model of the step benchmark, and what its made-up examples look like. */
export interface StepModel {
  /** As on the command line, and in peers/peers.py. */
  readonly key: string;
  readonly name: string;
  readonly optimizer: "sgd" | "adam";
  readonly learningRate: number;
  readonly columns: readonly DrawnColumn[];
  readonly model: Model;
}

/** A column whose values are drawn: integers below `below`, or numbers from -0.5 to 0.5 where it is left out. */
interface DrawnColumn extends Column {
  readonly below?: number;
}

export const batchSize = 64;

/** The values of one example, always the same for its number. */
export function drawExample({ columns }: StepModel, number: number): Record<string, number[]> {
  const random = new Random(7, "bench", number);
  return Object.fromEntries(
    columns.map(({ name, shape, below }) => {
      const draw = random.derive(name);
      const value = (i: number) => (below === undefined ? draw.uniform(i) - 0.5 : draw.below(below, i));
      return [name, Array.from({ length: sizeOf(shape) }, (_, i) => value(i))];
    }),
  );
}

const arrays = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array };

/** Examples number `from` up to `to`, excluded, side by side. */
export function drawExamples(model: StepModel, from: number, to: number): Examples {
  const examples = Array.from({ length: to - from }, (_, i) => drawExample(model, from + i));
  const columns = model.columns.map(({ name, type }): [string, ColumnValues] => [
    name,
    arrays[type].from(examples.flatMap((example) => example[name]!)),
  ]);
  return { count: to - from, columns: Object.fromEntries(columns) };
}

/** Each column as it is, but pixels from 0 to 1. */
function feedsOf(columns: readonly Column[], examples: Examples): Feed[] {
  return columns.map(({ name, type, shape }) => {
    const values = examples.columns[name]!;
    return {
      type: type === "int32" ? "int32" : "float32",
      shape: [examples.count, ...shape],
      values: values instanceof Uint8Array ? scaled(values) : values,
    };
  });
}

function parameter(name: string, ...shape: number[]): Parameter {
  return { name, shape, initialiser: { kind: "uniform", scale: 0.05 } };
}

/** A model that can be trained, but not measured. */
function modelOf(columns: readonly Column[], parameters: readonly Parameter[], loss: Model["loss"]): Model {
  const feeds = (examples: Examples) => feedsOf(columns, examples);
  return {
    ...{ parameters, loss, outputs: loss, trainingFeeds: feeds, outputFeeds: feeds },
    score: () => ({}),
    metrics: () => ({}),
    answers: () => [],
    layers: () => undefined,
  };
}

const integers = (name: string, below: number, ...shape: number[]): DrawnColumn => ({
  ...{ name, type: "int32", shape, below },
});
const pixels = (...shape: number[]): DrawnColumn => ({ name: "pixels", type: "uint8", shape, below: 256 });

type Build = Omit<StepModel, "model" | "learningRate"> & {
  readonly parameters: readonly Parameter[];
  readonly loss: Model["loss"];
};

const mlp = {
  columns: [pixels(784), integers("label", 10)],
  parameters: [parameter("w1", 784, 256), parameter("b1", 256), parameter("w2", 256, 10), parameter("b2", 10)],
  loss: (tf, [w1, b1, w2, b2], [images, label]) => {
    const hidden = tf.relu(tf.add(tf.matMul(images!, w1!), b1!));
    const right = tf.oneHot(label as tfjs.Tensor1D, 10);
    return tf.losses.softmaxCrossEntropy(right, tf.add(tf.matMul(hidden, w2!), b2!)) as tfjs.Scalar;
  },
} satisfies Partial<Build>;

const builds: readonly Build[] = [
  { key: "mlp", name: "MLP 784-256-10", optimizer: "sgd", ...mlp },
  { key: "adam", name: "the same with Adam", optimizer: "adam", ...mlp },
  {
    key: "cnn",
    name: "CNN: 3x3x16, pool, 3x3x32, pool, dense",
    optimizer: "sgd",
    columns: [pixels(28, 28, 1), integers("label", 10)],
    parameters: [
      ...[parameter("k1", 3, 3, 1, 16), parameter("b1", 16), parameter("k2", 3, 3, 16, 32), parameter("b2", 32)],
      ...[parameter("w", 7 * 7 * 32, 10), parameter("b3", 10)],
    ],
    loss: (tf, [k1, b1, k2, b2, w, b3], [images, label]) => {
      const layer = (x: tfjs.Tensor, kernel: tfjs.Tensor, bias: tfjs.Tensor) => {
        const convolved = tf.conv2d(x as tfjs.Tensor4D, kernel as tfjs.Tensor4D, 1, "same");
        return tf.maxPool(tf.relu(tf.add(convolved, bias)) as tfjs.Tensor4D, 2, 2, "same");
      };
      const features = layer(layer(images!, k1!, b1!), k2!, b2!).reshape([-1, 7 * 7 * 32]);
      const right = tf.oneHot(label as tfjs.Tensor1D, 10);
      return tf.losses.softmaxCrossEntropy(right, tf.add(tf.matMul(features, w!), b3!)) as tfjs.Scalar;
    },
  },
  {
    key: "bag",
    name: "embedding bag 32,768 x 16, 64 tokens",
    optimizer: "sgd",
    columns: [integers("tokens", 32_768, 64), integers("label", 2)],
    parameters: [parameter("table", 32_768, 16), parameter("w", 16, 2), parameter("b", 2)],
    loss: (tf, [table, w, b], [tokens, label]) => {
      const bag = tf.mean(tf.gather(table!, tokens!), 1);
      const right = tf.oneHot(label as tfjs.Tensor1D, 2);
      return tf.losses.softmaxCrossEntropy(right, tf.add(tf.matMul(bag, w!), b!)) as tfjs.Scalar;
    },
  },
  {
    key: "mf",
    name: "matrix factorisation 2,000 x 3,000 x 32",
    optimizer: "sgd",
    columns: [integers("user", 2000), integers("item", 3000), { name: "rating", type: "float32", shape: [] }],
    parameters: [
      ...[parameter("users", 2000, 32), parameter("items", 3000, 32)],
      ...[parameter("userBias", 2000), parameter("itemBias", 3000)],
    ],
    loss: (tf, [users, items, userBias, itemBias], [user, item, rating]) => {
      const match = tf.sum(tf.mul(tf.gather(users!, user!), tf.gather(items!, item!)), 1);
      const guess = tf.add(tf.add(match, tf.gather(userBias!, user!)), tf.gather(itemBias!, item!));
      return tf.mean(tf.square(tf.sub(guess, rating!))) as tfjs.Scalar;
    },
  },
];

/** The models of the benchmark, written as a user of TensorFlow.js would. */
export const stepModels: readonly StepModel[] = builds.map(({ parameters, loss, ...rest }) => ({
  ...rest,
  learningRate: rest.optimizer === "adam" ? 0.001 : 0.05,
  model: modelOf(rest.columns, parameters, loss),
}));
