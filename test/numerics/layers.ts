import type * as tfjs from "@tensorflow/tfjs";
import type { Tf } from "../../worker-runtime/src/models/model.ts";
import { split } from "../../worker-runtime/src/training/flat.ts";
import { initialWeights } from "../../worker-runtime/src/training/initialisers.ts";
import type { NativeBackend } from "../../worker-runtime/src/training/native.ts";
import { ExactArithmetic } from "../../worker-runtime/src/training/portable/exact.ts";
import { portablePasses, refuseUnportable } from "../../worker-runtime/src/training/portable/rewrite.ts";
import { OutputProgram } from "../../worker-runtime/src/training/recorded/output-program.ts";
import { record } from "../../worker-runtime/src/training/recorded/recording.ts";

/** A layer on an input of this shape, without the batch; or a function of two such inputs. */
type Part =
  | { readonly shape: number[]; readonly layers: (tf: Tf) => tfjs.layers.Layer[]; readonly integers?: number }
  | { readonly shape: number[]; readonly of: (tf: Tf, x: tfjs.Tensor, y: tfjs.Tensor) => tfjs.Tensor };

const image = [9, 8, 3];
const sequence = [6, 5];
const layer = (shape: number[], layers: (tf: Tf) => tfjs.layers.Layer | tfjs.layers.Layer[]): Part => ({
  shape,
  layers: (tf) => [layers(tf)].flat(),
});
const activations =
  "elu hardSigmoid linear relu relu6 selu sigmoid softmax softplus softsign tanh swish mish gelu".split(" ");

/** What the usual networks are made of. */
export const parts: Readonly<Record<string, Part>> = {
  dense: layer([7], (tf) => tf.layers.dense({ units: 5 })),
  conv1d: layer(sequence, (tf) => tf.layers.conv1d({ filters: 4, kernelSize: 3, padding: "same" })),
  conv2d: layer(image, (tf) => tf.layers.conv2d({ filters: 4, kernelSize: 3, strides: 2, padding: "same" })),
  "conv2d with gaps": layer(image, (tf) => tf.layers.conv2d({ filters: 2, kernelSize: 2, dilationRate: 1 })),
  conv2dTranspose: layer(image, (tf) => tf.layers.conv2dTranspose({ filters: 4, kernelSize: 3, strides: 2 })),
  depthwiseConv2d: layer(image, (tf) => tf.layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2 })),
  separableConv2d: layer(image, (tf) => tf.layers.separableConv2d({ filters: 4, kernelSize: 3 })),
  maxPooling2d: layer(image, (tf) => tf.layers.maxPooling2d({ poolSize: 2 })),
  "maxPooling2d, overlapping": layer(image, (tf) => tf.layers.maxPooling2d({ poolSize: 3, strides: 1 })),
  averagePooling2d: layer(image, (tf) => tf.layers.averagePooling2d({ poolSize: 2 })),
  "averagePooling2d, overlapping": layer(image, (tf) =>
    tf.layers.averagePooling2d({ poolSize: [3, 2], strides: [2, 1], padding: "same" }),
  ),
  globalAveragePooling2d: layer(image, (tf) => tf.layers.globalAveragePooling2d({ dataFormat: "channelsLast" })),
  maxPooling1d: layer(sequence, (tf) => tf.layers.maxPooling1d({ poolSize: 2 })),
  zeroPadding2d: layer(image, (tf) => tf.layers.zeroPadding2d({ padding: 1 })),
  layerNormalization: layer([7], (tf) => tf.layers.layerNormalization()),
  embedding: { ...layer([6], (tf) => tf.layers.embedding({ inputDim: 11, outputDim: 4 })), integers: 11 } as Part,
  simpleRNN: layer(sequence, (tf) => tf.layers.simpleRNN({ units: 4 })),
  gru: layer(sequence, (tf) => tf.layers.gru({ units: 4 })),
  lstm: layer(sequence, (tf) => tf.layers.lstm({ units: 4, returnSequences: true })),
  bidirectional: layer(sequence, (tf) =>
    tf.layers.bidirectional({ layer: tf.layers.gru({ units: 3 }) as tfjs.RNN, mergeMode: "concat" }),
  ),
  timeDistributed: layer(sequence, (tf) => tf.layers.timeDistributed({ layer: tf.layers.dense({ units: 3 }) })),
  leakyReLU: layer([7], (tf) => tf.layers.leakyReLU()),
  prelu: layer([7], (tf) => tf.layers.prelu()),
  ...Object.fromEntries(
    activations.map((activation) => [
      activation,
      layer([7], (tf) => tf.layers.dense({ units: 5, activation: activation as "relu" })),
    ]),
  ),
  attention: {
    shape: sequence,
    of: (tf, x, y) => tf.matMul(tf.softmax(tf.div(tf.matMul(x, y, false, true), Math.sqrt(5))), y),
  },
  "batch normalisation by its own batch": {
    shape: image,
    of: (tf, x, y) => {
      const { mean, variance } = tf.moments(x, [0, 1, 2]);
      const [one, three] = [tf.tensor1d([1, 2, 3]), tf.tensor1d([3, 2, 1])];
      return tf
        .batchNorm(x as tfjs.Tensor4D, mean as tfjs.Tensor1D, variance as tfjs.Tensor1D, one, three, 1e-3)
        .mul(y);
    },
  },
  "cumulative sums": { shape: sequence, of: (tf, x, y) => tf.cumsum(x, 2).mul(y) },
  "sines and cosines": { shape: sequence, of: (tf, x, y) => tf.sin(x).mul(tf.cos(y)) },
  "powers and logarithms": {
    shape: sequence,
    of: (tf, x, y) => tf.pow(tf.add(tf.abs(x), 1), y).add(tf.log1p(tf.exp(x))),
  },
  "tf.losses.absoluteDifference": { shape: [7], of: (tf, x, y) => tf.losses.absoluteDifference(y, x) },
  "tf.losses.cosineDistance": { shape: [7], of: (tf, x, y) => tf.losses.cosineDistance(y, x, 1) },
  "tf.losses.hingeLoss": {
    shape: [7],
    of: (tf, x, y) => tf.losses.hingeLoss(tf.ones(x.shape), x).add(tf.sum(y)),
  },
  "tf.losses.huberLoss": { shape: [7], of: (tf, x, y) => tf.losses.huberLoss(y, x) },
  "tf.losses.logLoss": { shape: [7], of: (tf, x, y) => tf.losses.logLoss(tf.sigmoid(y), tf.sigmoid(x)) },
  "tf.losses.meanSquaredError": { shape: [7], of: (tf, x, y) => tf.losses.meanSquaredError(y, x) },
  "tf.losses.sigmoidCrossEntropy": { shape: [7], of: (tf, x, y) => tf.losses.sigmoidCrossEntropy(tf.sigmoid(y), x) },
  "tf.losses.softmaxCrossEntropy": { shape: [7], of: (tf, x, y) => tf.losses.softmaxCrossEntropy(tf.softmax(y), x) },
};

const batch = 5;

/**
 * What a part gives, then its gradients, one after the other: op by op, and portably; if asked, also without our own kernels.
 * The loss is the sum of what it gives, squared.
 */
export function valuesOf(
  { tf, native }: { readonly tf: Tf; readonly native: NativeBackend },
  name: string,
  input: (name: string, shape: number[]) => Float32Array,
  { withoutKernels = false } = {},
) {
  const part = parts[name]!;
  const engine = tf.engine();
  engine.startScope("part");
  try {
    const shape = [batch, ...part.shape];
    const x = tf.tensor(input("x", shape), shape);
    const { weights, run } =
      "of" in part ? functionOf(tf, part.of, x, tf.tensor(input("y", shape), shape)) : networkOf(tf, part, x);
    const { recording, result } = record(native, weights, () => {
      const { value, grads } = tf.engine().gradients(() => tf.sum(tf.square(run())), weights, undefined, true);
      return [tf.concat([value, run(), ...grads.filter(Boolean)].map((tensor) => tf.reshape(tensor, [-1])))];
    });
    refuseUnportable(recording.outputs);
    const portably = (hasOwnKernels: boolean) => {
      const program = new OutputProgram(
        native.binding,
        recording,
        portablePasses(new ExactArithmetic({ hasOwnKernels })),
      );
      const values = program.run(native.getInputTensorIds(weights)).slice();
      program.dispose();
      return values;
    };
    return {
      plain: Float32Array.from(result[0]!.dataSync()),
      portable: portably(native.hasOwnKernels),
      ...(withoutKernels && { withoutKernels: portably(false) }),
    };
  } finally {
    engine.endScope();
  }
}

function functionOf(
  tf: Tf,
  of: (tf: Tf, x: tfjs.Tensor, y: tfjs.Tensor) => tfjs.Tensor,
  x: tfjs.Tensor,
  y: tfjs.Tensor,
) {
  return { weights: [x, y], run: () => of(tf, x, y) };
}

/** A network of the layers, whose weights are drawn by counter and its own variables' places are taken by tensors. */
function networkOf(tf: Tf, { layers, shape, integers }: Extract<Part, { layers: unknown }>, x: tfjs.Tensor) {
  const model = tf.sequential();
  for (const [i, layer] of layers(tf).entries()) {
    if (i === 0) model.add(tf.layers.inputLayer({ inputShape: shape, ...(integers && { dtype: "int32" as const }) }));
    model.add(layer);
  }
  const variables = model.trainableWeights;
  const parameters = variables.map(({ shape }, i) => ({
    name: `w${i}`,
    shape: shape as number[],
    initialiser: { kind: "uniform" as const, scale: 0.5 },
  }));
  const weights = split(initialWeights(parameters, 1), parameters).map((values, i) =>
    tf.tensor(values, parameters[i]!.shape),
  );
  for (const [i, variable] of variables.entries()) variable.read = () => weights[i] as tfjs.Variable;
  const input = integers ? tf.cast(tf.floor(tf.mul(tf.add(x, 0.5), integers)), "int32") : x;
  return { weights: variables.length > 0 ? weights : [x], run: () => model.apply(input) as tfjs.Tensor };
}
