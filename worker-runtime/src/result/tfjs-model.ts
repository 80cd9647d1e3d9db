import type * as tfjs from "@tensorflow/tfjs";
import { encodeSafetensors, type SafeTensor } from "../codec/safetensors.ts";
import { sha256 } from "../hash.ts";
import type { Model, Parameter, Tf } from "../models/model.ts";
import type { ResultFile } from "../protocol/learner.ts";

/** What a model's files say about where it comes from. */
export interface ModelOrigin {
  readonly job: string;
  readonly datasetHash: string;
}

/**
 * A trained model in the formats that people load: `model.safetensors` with the names and shapes of `parameters`, and,
 * for a model that can be said in layers, `model.json` and `weights.bin` for `tf.loadLayersModel`.
 * `weights` are all parameters one after the other.
 */
export async function modelFiles(
  tf: Tf,
  model: Pick<Model, "parameters" | "layers">,
  weights: Float32Array,
  origin: ModelOrigin,
): Promise<ResultFile[]> {
  const weightsHash = sha256(new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength));
  const metadata = { ...origin, weightsHash };
  const values = cut(model.parameters, weights);
  const tensors = new Map<string, SafeTensor>(
    model.parameters.map(({ name, shape }, i) => [name, { type: "F32", shape, values: values[i]! }]),
  );
  const files: ResultFile[] = [{ name: "model.safetensors", bytes: encodeSafetensors(tensors, metadata) }];
  const layers = model.layers(tf);
  if (layers) {
    setWeights(tf, layers, model.parameters, values);
    layers.setUserDefinedMetadata({ trivet: metadata });
    files.push(...(await layersFiles(layers)));
    layers.dispose();
  }
  return files;
}

function cut(parameters: readonly Parameter[], weights: Float32Array): Float32Array[] {
  let offset = 0;
  const values = parameters.map(({ shape }) => {
    const length = shape.reduce((product, size) => product * size, 1);
    offset += length;
    return weights.subarray(offset - length, offset);
  });
  if (offset !== weights.length) throw new RangeError(`The parameters take ${offset} weights, not ${weights.length}.`);
  return values;
}

function setWeights(
  tf: Tf,
  layers: tfjs.LayersModel,
  parameters: readonly Parameter[],
  values: readonly Float32Array[],
): void {
  const variables = layers.trainableWeights;
  const shapes = (all: readonly { shape: readonly unknown[] }[]) => all.map(({ shape }) => `[${shape}]`).join(" ");
  // Fails for a model whose `layers` and `parameters` do not belong together; TensorFlow.js itself accepts fewer weights.
  if (shapes(variables) !== shapes(parameters)) {
    throw new TypeError(`The layers' weights ${shapes(variables)} are not the parameters ${shapes(parameters)}.`);
  }
  for (const [i, variable] of variables.entries()) {
    const tensor = tf.tensor(values[i]!, [...parameters[i]!.shape]);
    variable.write(tensor);
    tensor.dispose();
  }
}

/** The files that `layers.save("file://...")` of tfjs-node would write, as bytes: how they are stored is not its business. */
async function layersFiles(layers: tfjs.LayersModel): Promise<ResultFile[]> {
  let artifacts: tfjs.io.ModelArtifacts | undefined;
  await layers.save({
    save: async (given) => {
      artifacts = given;
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" } };
    },
  });
  const { weightSpecs, weightData, modelTopology, format, generatedBy, convertedBy, userDefinedMetadata } = artifacts!;
  const json: tfjs.io.ModelJSON = {
    modelTopology: modelTopology as object,
    format: format!,
    generatedBy: generatedBy!,
    convertedBy: convertedBy!,
    userDefinedMetadata: userDefinedMetadata!,
    weightsManifest: [{ paths: ["weights.bin"], weights: weightSpecs! }],
  };
  const parts = [weightData!].flat().map((part) => Buffer.from(part));
  return [
    { name: "model.json", bytes: Buffer.from(JSON.stringify(json)) },
    { name: "weights.bin", bytes: Buffer.concat(parts) },
  ];
}
