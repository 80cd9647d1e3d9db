import { expect } from "chai";
import type { Column, ColumnValues, Encoder, Examples, Row } from "../../../worker-runtime/src/data/types.ts";
import type { Feed, Model } from "../../../worker-runtime/src/models/model.ts";
import { loadBackend } from "../../../worker-runtime/src/training/backend.ts";
import { createTrainer } from "../../../worker-runtime/src/training/create-trainer.ts";
import { Random } from "../../../worker-runtime/src/training/random.ts";
import type { Trainer } from "../../../worker-runtime/src/training/trainer.ts";

type Values = Readonly<Record<string, unknown>>;

export function rowOf(values: Values, line = 1): Row {
  return { values, file: "rows.csv", line };
}

/** Both passes of an encoder over some rows. */
export function encodeRows(encoder: Encoder, train: readonly Values[], heldOut: readonly Values[] = []) {
  for (const values of train) encoder.observe(rowOf(values), "train");
  for (const values of heldOut) encoder.observe(rowOf(values), "heldOut");
  const columns = encoder.finish();
  return {
    train: examplesOf(encoder, columns.train, train, "train"),
    heldOut: examplesOf(encoder, columns.heldOut, heldOut, "heldOut"),
    // As prediction gets it: through JSON.
    encoding: JSON.parse(JSON.stringify(encoder.describe())) as unknown,
  };
}

/** Rows as a restored encoder sees them. */
export function encodeNewRows(encoder: Encoder, rows: readonly Values[]): Examples {
  return examplesOf(encoder, encoder.finish().heldOut, rows, "heldOut");
}

const arrays = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array };

function examplesOf(encoder: Encoder, columns: readonly Column[], rows: readonly Values[], split: "train" | "heldOut") {
  const encoded = rows.map((values) => encoder.encode(rowOf(values), split));
  const entries = columns.map(({ name, type, shape }): [string, ColumnValues] => {
    const values = encoded.flatMap((example) => Array.from(example[name]!));
    const size = shape.reduce((product, length) => product * length, 1);
    if (values.length !== rows.length * size) throw new Error(`column ${name} has ${values.length} values`);
    return [name, arrays[type].from(values)];
  });
  return { count: rows.length, columns: Object.fromEntries(entries) };
}

export function sizeOf(model: Model): number {
  return model.parameters.reduce((sum, { shape }) => sum + shape.reduce((product, length) => product * length, 1), 0);
}

export function someWeights(model: Model, seed = 1): Float32Array {
  const random = new Random(seed, "test weights");
  return Float32Array.from({ length: sizeOf(model) }, (_, i) => random.uniform(i) - 0.5);
}

/** The model's parameters as arrays, from all weights one after the other. */
export function parametersOf(model: Model, weights: Float32Array): Float32Array[] {
  let offset = 0;
  return model.parameters.map(({ shape }) => {
    const length = shape.reduce((product, size) => product * size, 1);
    offset += length;
    return weights.subarray(offset - length, offset);
  });
}

export async function trainerOf(model: Model): Promise<Trainer> {
  return createTrainer(await loadBackend(), model, { optimizer: { kind: "sgd" } });
}

/** Asserts that the trainer could record its step; without TensorFlow's library there is nothing to record. */
export async function expectRecorded(trainer: Trainer): Promise<void> {
  if ((await loadBackend()).native) expect(trainer.mode, trainer.reason).to.equal("recorded");
}

/** The loss of a batch, without a step. */
export async function lossOf(model: Model, weights: Float32Array, feeds: readonly Feed[]): Promise<number> {
  const { tf } = await loadBackend();
  return tf.tidy(() => {
    const tensors = parametersOf(model, weights).map((values, i) => tf.tensor(values, [...model.parameters[i]!.shape]));
    return model
      .loss(
        tf,
        tensors,
        feeds.map(({ values, shape, type }) => tf.tensor(values, [...shape], type)),
      )
      .dataSync()[0]!;
  });
}

/**
 * The largest difference between the gradient that a step of learning rate 1 takes and the slope of the loss, measured by moving
 * each weight a little to both sides.
 */
export async function gradientError(model: Model, weights: Float32Array, feeds: readonly Feed[]): Promise<number> {
  const trainer = await trainerOf(model);
  trainer.begin(weights);
  trainer.step(feeds, 1);
  const after = trainer.weights();
  trainer.dispose();
  const distance = 1e-2;
  let error = 0;
  for (let i = 0; i < weights.length; i++) {
    const moved = (by: number) =>
      lossOf(
        model,
        Float32Array.from(weights, (w, j) => (j === i ? w + by : w)),
        feeds,
      );
    const slope = ((await moved(distance)) - (await moved(-distance))) / (2 * distance);
    error = Math.max(error, Math.abs(weights[i]! - after[i]! - slope));
  }
  return error;
}

/** What the exported layers say of some feeds. */
export async function layersAnswers(
  model: Model,
  weights: Float32Array,
  feeds: readonly Feed[],
): Promise<Float32Array> {
  const { tf } = await loadBackend();
  const layers = model.layers(tf)!;
  return tf.tidy(() => {
    const tensors = parametersOf(model, weights).map((values, i) => tf.tensor(values, [...model.parameters[i]!.shape]));
    for (const [i, variable] of layers.trainableWeights.entries()) variable.write(tensors[i]!);
    const inputs = feeds.map(({ values, shape, type }, i) =>
      // Layers take [batch, 1] where the model takes [batch].
      tf.tensor(values, layers.inputs[i]!.shape.length > shape.length ? [...shape, 1] : [...shape], type),
    );
    const answers = layers.predictOnBatch(
      inputs.length === 1 ? inputs[0]! : inputs,
    ) as import("@tensorflow/tfjs").Tensor;
    return Float32Array.from(answers.dataSync());
  });
}
