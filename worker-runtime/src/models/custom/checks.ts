import type * as tfjs from "@tensorflow/tfjs";
import { UserError } from "../../errors.ts";
import type { DataShape } from "./network.ts";

/** All layers, those of models inside the model too. */
export function layersOf(model: tfjs.LayersModel): tfjs.layers.Layer[] {
  return model.layers.flatMap((layer) => ("layers" in layer ? layersOf(layer as tfjs.LayersModel) : [layer]));
}

/** Whether the last layer makes probabilities of its numbers. */
export function givesProbabilities(model: tfjs.LayersModel): boolean {
  const last = model.outputs[0]!.sourceLayer;
  return last.getClassName() === "Softmax" || /^(softmax|sigmoid)$/.test(String(last.getConfig().activation));
}

/** Why layers of these classes cannot be trained by workers of which each sees a part of the data, and what can. */
const refused: Readonly<Record<string, string>> = {
  BatchNormalization: "keeps running means, which the workers would have to share; use LayerNormalization",
  SpatialDropout1D: "draws random numbers; use Dropout",
  GaussianDropout: "draws random numbers; use Dropout",
  AlphaDropout: "draws random numbers; use Dropout",
  GaussianNoise: "draws random numbers; use Dropout",
  RandomHeight: "draws random numbers; change the pictures beforehand",
  RandomWidth: "draws random numbers; change the pictures beforehand",
};

/** Throws `UserError` for a layer whose training is not a pure function of its weights and inputs. */
export function refuseUntrainable(layer: tfjs.layers.Layer): void {
  const config = layer.getConfig();
  const reason =
    refused[layer.getClassName()] ??
    (Number(config.dropout ?? 0) > 0 || Number(config.recurrentDropout ?? 0) > 0
      ? "drops values inside itself; use a Dropout layer of its own"
      : config.stateful === true
        ? "keeps a state from one batch to the next; make it not stateful"
        : layer.nonTrainableWeights.length > 0
          ? "has weights that are not trainable, which is not supported; make the layer trainable"
          : layer.trainableWeights.some((weight) => "constraint" in weight && weight.constraint)
            ? "has a constraint on its weights, which is not supported; use a regularizer"
            : undefined);
  if (reason === undefined) return;
  throw new UserError(`model.topology: layer "${layer.name}" (${layer.getClassName()}) ${reason}.`);
}

/** Throws `UserError` unless the model takes the data's inputs and gives `outputs` numbers for each example. */
export function checkShapes(model: tfjs.LayersModel, { inputShape, inputs, labels }: DataShape, outputs: number): void {
  if (model.inputs.length !== 1 || model.outputs.length !== 1) {
    throw new UserError(
      `model.topology: the model has ${model.inputs.length} inputs and ${model.outputs.length} outputs; one of each is supported.`,
    );
  }
  const [, ...takes] = model.inputs[0]!.shape;
  if (takes.length !== inputShape.length || takes.some((length, i) => length !== null && length !== inputShape[i])) {
    const given = inputs ? `${inputs.length} columns (${inputs.join(", ")})` : `pictures of shape [${inputShape}]`;
    throw new UserError(`model.topology: the model takes inputs of shape [${takes}], and the data gives ${given}.`);
  }
  const [, ...gives] = model.outputs[0]!.shape;
  if (gives.length !== 1 || gives[0] !== outputs) {
    const wanted = outputs === 1 ? "1 number" : `${outputs} numbers, one for each label (${labels!.join(", ")})`;
    throw new UserError(`model.topology: the model's output has shape [${gives}]; the loss needs ${wanted}.`);
  }
}
