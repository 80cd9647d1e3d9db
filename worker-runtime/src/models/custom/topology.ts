import type * as tfjs from "@tensorflow/tfjs";
import { UserError } from "../../errors.ts";
import { loadBackend } from "../../training/backend.ts";
import { within } from "../../training/recorded/origin.ts";
import type { Parameter, Tf } from "../model.ts";
import { checkShapes, givesProbabilities, layersOf, refuseUntrainable } from "./checks.ts";
import { maskDropout } from "./dropout.ts";
import { initialiserOf, weightName } from "./initial-values.ts";
import { type LossName, meanLoss } from "./loss.ts";
import type { DataShape, Network } from "./network.ts";
import type { TopologySource } from "./source.ts";

/**
 * A network from a TensorFlow.js topology. Its layers read their weights from what the trainer passes, instead of from
 * their own variables, which makes a pure function of them. Throws `UserError` where layers cannot be trained so.
 */
export async function openTopology(source: TopologySource, loss: LossName, data: DataShape): Promise<Network> {
  const { tf } = await loadBackend();
  const model = await load(tf, source);
  const outputs = loss === "softmaxCrossEntropy" ? data.labels!.length : 1;
  checkShapes(model, data, outputs);
  if (loss === "sigmoidCrossEntropy" && data.labels!.length !== 2) {
    throw new UserError(
      `model.loss: sigmoidCrossEntropy tells two labels apart, but there are: ${data.labels!.join(", ")}.`,
    );
  }
  const layers = layersOf(model);
  for (const layer of layers) refuseUntrainable(layer);
  const dropouts = layers.filter((layer) => layer.getClassName() === "Dropout").map(maskDropout);
  const variables = layers.flatMap((layer) => layer.trainableWeights.map((weight) => ({ layer, weight })));
  const parameters = variables.map(({ layer, weight }): Parameter => {
    const values = () => Float32Array.from(weight.read().dataSync());
    const initialiser = source.weights ? { kind: "values" as const, values: values() } : initialiserOf(layer, weight);
    return { name: `${layer.name}/${weightName(weight)}`, shape: weight.shape as number[], initialiser };
  });
  let current: readonly tfjs.Tensor[] = [];
  for (const [i, { weight }] of variables.entries()) weight.read = () => current[i] as tfjs.Variable;

  for (const layer of layers) nameOrigins(layer);

  const apply = (weights: tfjs.Tensor[], input: tfjs.Tensor, masks: tfjs.Tensor[]) => {
    current = weights;
    for (const [i, dropout] of dropouts.entries()) dropout.setMask(masks[i]);
    return model.apply(input) as tfjs.Tensor;
  };
  const isProbability = givesProbabilities(model);

  return {
    parameters,
    masks: (count, random) => dropouts.map((dropout, i) => dropout.draw(count, random.derive(i))),
    loss(tf, weights, input, label, masks) {
      const answer = apply(weights, input, masks);
      const target =
        loss === "softmaxCrossEntropy"
          ? tf.oneHot(label as tfjs.Tensor1D, outputs)
          : tf.reshape(tf.cast(label, "float32"), [-1, 1]);
      const penalties = model.calculateLosses();
      return penalties.reduce(
        (sum, penalty) => tf.add(sum, penalty),
        meanLoss(tf, loss, target, answer, isProbability),
      );
    },
    outputs(tf, weights, input) {
      const answer = apply(weights, input, []);
      if (loss === "meanSquaredError") return answer;
      if (loss === "softmaxCrossEntropy") return isProbability ? answer : tf.softmax(answer);
      const second = isProbability ? answer : tf.sigmoid(answer);
      return tf.concat([tf.sub(1, second), second], 1);
    },
    layers: (tf) => fresh(tf, model),
  };
}

async function load(tf: Tf, { file, topology, weights }: TopologySource): Promise<tfjs.LayersModel> {
  try {
    return await tf.loadLayersModel({
      load: async () => ({
        modelTopology: topology,
        ...(weights && {
          weightSpecs: weights.specs as tfjs.io.WeightsManifestEntry[],
          weightData: new Uint8Array(Buffer.from(weights.data, "base64")).buffer,
        }),
      }),
    });
  } catch (error) {
    throw new UserError(`model.topology: ${file} cannot be loaded: ${(error as Error).message}`);
  }
}

/** Lets what a layer computes be said to come from it. */
function nameOrigins(layer: tfjs.layers.Layer): void {
  const call = layer.call.bind(layer);
  layer.call = (inputs, options) => within(`layer "${layer.name}"`, () => call(inputs, options));
}

/** The same layers once more, with variables of their own. */
function fresh(tf: Tf, model: tfjs.LayersModel): tfjs.LayersModel {
  const kind = model instanceof tf.Sequential ? tf.Sequential : tf.LayersModel;
  return kind.fromConfig(kind, model.getConfig() as tfjs.serialization.ConfigDict) as tfjs.LayersModel;
}
