import { expect } from "chai";
import type { Context } from "mocha";
import { drawExamples, stepModels } from "../../../bench/step-models.ts";
import type { OptimizerSection } from "../../../worker-runtime/src/job/document.ts";
import type { Feed, Model, Tf } from "../../../worker-runtime/src/models/model.ts";
import { type Backend, loadBackend } from "../../../worker-runtime/src/training/backend.ts";
import { createTrainer, type TrainerOptions } from "../../../worker-runtime/src/training/create-trainer.ts";
import { EagerTrainer } from "../../../worker-runtime/src/training/eager-trainer.ts";
import { initialWeights } from "../../../worker-runtime/src/training/initialisers.ts";
import type { NativeBackend } from "../../../worker-runtime/src/training/native.ts";
import { Random } from "../../../worker-runtime/src/training/random.ts";
import type { TrainedModel, Trainer } from "../../../worker-runtime/src/training/trainer.ts";
import { requirePart } from "../../support/require.ts";

export const optimizers: Readonly<Record<string, OptimizerSection>> = {
  sgd: { kind: "sgd" },
  momentum: { kind: "momentum", momentum: 0.9, nesterov: false },
  nesterov: { kind: "momentum", momentum: 0.8, nesterov: true },
  adam: { kind: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
};

/** TensorFlow's own library, or the test is skipped. Call it in a `before` hook that is a `function`. */
export async function requireNative(context: Context): Promise<Backend & { readonly native: NativeBackend }> {
  const backend = await loadBackend();
  requirePart(context, "TensorFlow's library", backend.native !== undefined, "Install it with `npm run setup`.");
  return { ...backend, native: backend.native! };
}

/** A model of the benchmark, and batches of these sizes for it. */
export function stepModel(key: string, sizes: readonly number[]) {
  const found = stepModels.find((model) => model.key === key)!;
  let from = 0;
  const batches = sizes.map((size) => {
    from += size;
    return found.model.trainingFeeds(drawExamples(found, from - size, from), new Random(0));
  });
  return { model: found.model as TrainedModel, batches };
}

/** A model of one parameter `w`, [6, 3] unless said otherwise, that is fed with `x` [n, 6] and `y` [n, 3]. */
export function smallModel(loss: (tf: Tf, ...tensors: never[]) => unknown, shape: readonly number[] = [6, 3]) {
  const call = loss as (tf: Tf, w: unknown, x: unknown, y: unknown) => ReturnType<Model["loss"]>;
  const model: TrainedModel = {
    parameters: [{ name: "w", shape, initialiser: { kind: "uniform", scale: 0.5 } }],
    loss: (tf, [w], [x, y]) => call(tf, w, x, y),
    outputs: (_, __, [x]) => x!,
  };
  const batches = Array.from({ length: 4 }, (_, step) => [feed(`x${step}`, 8, 6), feed(`y${step}`, 8, 3)]);
  return { model, batches };
}

/** A model of a table, and four batches that take most of its rows several times. */
export function tableModel(rows: number, examples: number, rowsOfEach: number) {
  const model: TrainedModel = {
    parameters: [{ name: "table", shape: [rows, 4], initialiser: { kind: "uniform", scale: 1 } }],
    loss: (tf, [table], [rows]) => tf.mean(tf.square(tf.mean(tf.gather(table!, rows!), 1))),
    outputs: (_, [table]) => table!,
  };
  const batches = Array.from({ length: 4 }, (_, step): Feed[] => {
    const random = new Random(step, "rows");
    const values = Int32Array.from({ length: rowsOfEach * examples }, (_, i) => random.below(rows, i));
    return [{ type: "int32", shape: [examples, rowsOfEach], values }];
  });
  return { model, batches };
}

/** Numbers from -0.5 to 0.5, always the same for a name. */
export function feed(name: string, ...shape: number[]): Feed {
  const random = new Random(5, name);
  const length = shape.reduce((product, size) => product * size, 1);
  return { type: "float32", shape, values: Float32Array.from({ length }, (_, i) => random.uniform(i) - 0.5) };
}

/** All that a trainer holds after each of its steps. */
export interface Course {
  readonly losses: readonly number[];
  readonly weights: readonly Float32Array[];
  readonly states: readonly Float32Array[];
}

/** Takes a step on each batch, the learning rate falling a little each time. */
export function courseOf(trainer: Trainer, model: TrainedModel, batches: readonly (readonly Feed[])[]): Course {
  const course: Course & { losses: number[]; weights: Float32Array[]; states: Float32Array[] } = {
    ...{ losses: [], weights: [], states: [] },
  };
  trainer.begin(initialWeights(model.parameters, 3));
  for (const [step, batch] of batches.entries()) {
    course.losses.push(trainer.step(batch, 0.1 / (1 + step)));
    course.weights.push(trainer.weights());
    course.states.push(trainer.state());
  }
  return course;
}

/** The same steps by a recorded step and op by op. */
export function bothWays(
  backend: Backend,
  model: TrainedModel,
  batches: readonly (readonly Feed[])[],
  options: TrainerOptions,
): { recorded: Course; eager: Course; trainer: Trainer } {
  const trainer = createTrainer(backend, model, options);
  const eager = new EagerTrainer(backend, model, options);
  const courses = { recorded: courseOf(trainer, model, batches), eager: courseOf(eager, model, batches), trainer };
  trainer.dispose();
  eager.dispose();
  return courses;
}

/** Asserts that two courses are the same to the last bit. */
export function expectSameCourse(actual: Course, expected: Course, what: string): void {
  expect(actual.losses, `losses of ${what}`).to.deep.equal(expected.losses);
  for (const part of ["weights", "states"] as const) {
    for (const [step, values] of actual[part].entries()) {
      expectSameBits(values, expected[part][step]!, `${part} of ${what} after step ${step}`);
    }
  }
}

export function expectSameBits(actual: Float32Array, expected: Float32Array, what: string): void {
  expect(actual.length, what).to.equal(expected.length);
  const place = new Uint32Array(actual.buffer, actual.byteOffset, actual.length).findIndex(
    (bits, i) => bits !== new Uint32Array(expected.buffer, expected.byteOffset, expected.length)[i],
  );
  if (place >= 0) expect.fail(`${what}: number ${place} is ${actual[place]}, and not ${expected[place]}`);
}
