// The programs that bench/step.ts times or asks: `node bench/step-contestants.ts <which> <model>`.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import util from "node:util";
import type * as tfjs from "@tensorflow/tfjs";
import { MemoryObjectStore } from "../worker-runtime/src/clouds/memory/object-store.ts";
import { createDataset } from "../worker-runtime/src/data/create-dataset.ts";
import { openDataset } from "../worker-runtime/src/data/open-dataset.ts";
import type { Encoder } from "../worker-runtime/src/data/types.ts";
import { type JobDocument, jobSchema } from "../worker-runtime/src/job/document.ts";
import { makePlan } from "../worker-runtime/src/job/make-plan.ts";
import type { Tf } from "../worker-runtime/src/models/model.ts";
import { loadBackend } from "../worker-runtime/src/training/backend.ts";
import { createTrainer } from "../worker-runtime/src/training/create-trainer.ts";
import { EagerTrainer } from "../worker-runtime/src/training/eager-trainer.ts";
import { split } from "../worker-runtime/src/training/flat.ts";
import { initialWeights } from "../worker-runtime/src/training/initialisers.ts";
import { TrainingLearner } from "../worker-runtime/src/training/learner.ts";
import { Random } from "../worker-runtime/src/training/random.ts";
import { batchSize, drawExample, drawExamples, type StepModel, stepModels } from "./step-models.ts";
import { beContestant } from "./support/turns.ts";

const exampleCount = 4096;

/** What a user would write into the job file. */
function documentOf({ optimizer, learningRate }: StepModel, numerics: JobDocument["numerics"] = "native"): JobDocument {
  return jobSchema.parse({
    name: "step",
    model: { kind: "custom", module: "model.ts" },
    data: { train: "examples.csv", heldOut: { fraction: 0.01 } },
    training: { optimizer: { kind: optimizer }, learningRate, batchSize },
    numerics,
    workers: 1,
  });
}

/** Trivet's own loop: a worker's rounds on a stored dataset, each of as many steps as a job has by default. */
async function loop(model: StepModel, numerics?: JobDocument["numerics"]): Promise<void> {
  const document = documentOf(model, numerics);
  const store = new MemoryObjectStore();
  const created = await storeExamples(model, document, store);
  const plan = makePlan(document, created, model.model);
  const learner = new TrainingLearner(
    {
      ...{ document, plan, model: model.model, primary: { metric: "none", better: "lower" } },
      dataset: await openDataset(store, created.hash),
    },
    { nowMs: () => performance.now(), onNotice: console.error },
  );
  let weights = learner.initialWeights();
  let round = 0;
  await beContestant(async () => {
    const start = { step: 0, weights, optimizer: new Float32Array(), lossSum: 0 };
    ({ weights } = await learner.train(round++, 0, start, plan.localSteps));
    return plan.localSteps * batchSize;
  });
}

async function storeExamples(model: StepModel, { data }: JobDocument, store: MemoryObjectStore) {
  const encoder: Encoder = {
    observe: () => {},
    finish: () => ({ train: model.columns, heldOut: model.columns }),
    encode: ({ values }) => drawExample(model, Number(values.example)),
    describe: () => ({}),
  };
  const folder = mkdtempSync(join(tmpdir(), "trivet-step-"));
  try {
    const numbers = Array.from({ length: exampleCount }, (_, i) => `${i}\n`);
    writeFileSync(join(folder, "examples.csv"), `example\n${numbers.join("")}`);
    return await createDataset({ data, folder, encoder, seed: 1, store });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The same as a user of tfjs-node writes it: all data as tensors, an order for each epoch, `optimizer.minimize`. */
async function plain({ model, optimizer: kind, learningRate, ...rest }: StepModel): Promise<void> {
  const tf = await plainTensorFlow();
  const examples = drawExamples({ model, optimizer: kind, learningRate, ...rest }, 0, exampleCount);
  const columns = model
    .trainingFeeds(examples, new Random(1))
    .map(({ values, shape, type }) => tf.tensor(values, [...shape], type));
  const variables = split(initialWeights(model.parameters, 1), model.parameters).map((values, i) =>
    tf.variable(tf.tensor(values, [...model.parameters[i]!.shape])),
  );
  const optimizer = kind === "adam" ? tf.train.adam(learningRate) : tf.train.sgd(learningRate);
  let order = tf.util.createShuffledIndices(exampleCount);
  let [position, lossSum] = [0, 0];
  await beContestant(() => {
    if (position === exampleCount) {
      order = tf.util.createShuffledIndices(exampleCount);
      position = 0;
    }
    lossSum += tf.tidy(() => {
      const rows = tf.tensor1d(Int32Array.from(order.subarray(position, position + batchSize)), "int32");
      const batch = columns.map((column) => tf.gather(column, rows));
      const loss = optimizer.minimize(() => model.loss(tf, variables, batch), true, variables)!;
      return loss.dataSync()[0]!;
    });
    position += batchSize;
    return batchSize;
  });
  if (Number.isNaN(lossSum)) throw new Error("The loss is not a number.");
}

/** tfjs-node as it is, without the kernels that loadBackend gives it. */
async function plainTensorFlow(): Promise<Tf> {
  const legacy = util as { isNullOrUndefined?: (value: unknown) => boolean };
  legacy.isNullOrUndefined ??= (value) => value === null || value === undefined;
  return (await import("@tensorflow/tfjs-node")).default as unknown as typeof tfjs;
}

async function trainersOf(stepModel: StepModel, numerics: JobDocument["numerics"] = "native") {
  const backend = await loadBackend();
  const { optimizer } = documentOf(stepModel).training;
  return {
    recorded: createTrainer(backend, stepModel.model, { optimizer, numerics }),
    eager: new EagerTrainer(backend, stepModel.model, { optimizer }),
  };
}

/** Trivet's step alone, on one batch again and again, as the peers do it. */
async function step(stepModel: StepModel, numerics?: JobDocument["numerics"]): Promise<void> {
  const { recorded } = await trainersOf(stepModel, numerics);
  const { model, learningRate } = stepModel;
  const feeds = model.trainingFeeds(drawExamples(stepModel, 0, batchSize), new Random(1));
  recorded.begin(initialWeights(model.parameters, 1));
  await beContestant(() => {
    recorded.step(feeds, learningRate);
    return batchSize;
  });
}

/** How far the weights after 20 recorded steps are from those of eager steps: 0 when the bits are the same. */
async function difference(stepModel: StepModel): Promise<void> {
  const { recorded, eager } = await trainersOf(stepModel);
  const { model, learningRate } = stepModel;
  const weights = [recorded, eager].map((trainer) => {
    trainer.begin(initialWeights(model.parameters, 1));
    for (let i = 0; i < 20; i++) {
      const examples = drawExamples(stepModel, i * batchSize, (i + 1) * batchSize);
      trainer.step(model.trainingFeeds(examples, new Random(i)), learningRate);
    }
    return trainer.weights();
  });
  if (recorded.mode !== "recorded") throw new Error(recorded.reason);
  const largest = weights[0]!.reduce((max, weight, i) => Math.max(max, Math.abs(weight - weights[1]![i]!)), 0);
  console.log(JSON.stringify(largest));
}

const [, , which, key] = process.argv;
const stepModel = stepModels.find((model) => model.key === key);
const runs: Readonly<Record<string, (model: StepModel) => Promise<void>>> = {
  ...{ loop, plain, step, difference },
  "loop-portable": (model) => loop(model, "portable"),
  "step-portable": (model) => step(model, "portable"),
};
const run = runs[String(which)];
if (!stepModel || !run)
  throw new Error(
    "Usage: node bench/step-contestants.ts loop|loop-portable|plain|step|step-portable|difference <model>",
  );
await run(stepModel);
