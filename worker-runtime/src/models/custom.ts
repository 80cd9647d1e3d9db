import type { Examples } from "../data/types.ts";
import { classAnswers, classMetrics, rounded, scoreClasses, square } from "./classification.ts";
import { type CustomEncoding, customEncoder, restoredCustomEncoder } from "./custom/encoder.ts";
import { openModule } from "./custom/module.ts";
import { type CustomConfig, labelKind, type Network } from "./custom/network.ts";
import { readNetwork } from "./custom/source.ts";
import { openTopology } from "./custom/topology.ts";
import { scaled } from "./image-classification.ts";
import type { Feed, Model, ModelKind } from "./model.ts";

/**
 * A network of the user's own, on pictures or on columns of numbers: a TensorFlow.js topology, or a module that exports
 * `build` and `loss` (custom/module.ts). `folder` is the job file's; only making a dataset needs it.
 */
export function custom(config: CustomConfig, folder?: string): ModelKind<CustomConfig> {
  return {
    kind: "custom",
    primary:
      labelKind(config) === "class" ? { metric: "accuracy", better: "higher" } : { metric: "rmse", better: "lower" },
    encoder: (_, data) => customEncoder(config, data, readNetwork(config, folder!)),
    restoredEncoder: (_, data, encoding) => restoredCustomEncoder(config, data, encoding as CustomEncoding),
    async model(_, encoding) {
      const { network: source, ...data } = encoding as CustomEncoding;
      const network = "code" in source ? await openModule(source, data) : await openTopology(source, config.loss, data);
      return customModel(network, data);
    },
  };
}

function customModel(network: Network, { inputShape, labels }: Omit<CustomEncoding, "network">): Model {
  const outputFeeds = ({ count, columns }: Examples): Feed[] => {
    const input = columns.input!;
    const values = input instanceof Uint8Array ? scaled(input) : (input as Float32Array);
    return [{ type: "float32", shape: [count, ...inputShape], values }];
  };
  return {
    parameters: network.parameters,
    trainingFeeds: (examples, random) => [
      ...outputFeeds(examples),
      {
        type: labels ? "int32" : "float32",
        shape: [examples.count],
        values: examples.columns.label as Int32Array | Float32Array,
      },
      ...network.masks(examples.count, random),
    ],
    loss: (tf, weights, [input, label, ...masks]) => network.loss(tf, weights, input!, label!, masks),
    outputFeeds,
    outputs: (tf, weights, [input]) => network.outputs(tf, weights, input!),
    score: (outputs, { columns }) =>
      labels ? scoreClasses(outputs, columns.label!, labels.length) : scoreNumbers(outputs, columns.label!),
    metrics: (sums) => (labels ? classMetrics(sums) : { rmse: Math.sqrt(sums.squaredError! / sums.examples!) }),
    answers: (outputs) =>
      labels ? classAnswers(outputs, labels) : Array.from(outputs, (value) => ({ value: rounded(value) })),
    layers: network.layers,
  };
}

function scoreNumbers(outputs: Float32Array, labels: ArrayLike<number>) {
  let squaredError = 0;
  for (let i = 0; i < labels.length; i++) squaredError += square(outputs[i]! - labels[i]!);
  return { examples: labels.length, squaredError };
}
