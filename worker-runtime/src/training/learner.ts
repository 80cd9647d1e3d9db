import type { Dataset } from "../data/dataset.ts";
import { openDataset } from "../data/open-dataset.ts";
import { heldOutRange, trainingOrder } from "../data/order.ts";
import type { JobDocument } from "../job/document.ts";
import type { Plan } from "../job/plan.ts";
import { openModel } from "../models/index.ts";
import type { Model } from "../models/model.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { Learner, LocalState, ResultFile, Sums } from "../protocol/learner.ts";
import { modelFiles } from "../result/tfjs-model.ts";
import { type Backend, loadBackend } from "./backend.ts";
import { createTrainer } from "./create-trainer.ts";
import { initialWeights } from "./initialisers.ts";
import { Random } from "./random.ts";
import { learningRateAt } from "./schedule.ts";
import type { Trainer } from "./trainer.ts";

/** Held-out examples that are measured in one call. */
const measureBatch = 100;

const notPortable =
  "`numerics: portable` does not hold in plain JavaScript: with TensorFlow's library the result has other bits.";

export interface LearnerOptions {
  /** Measures how long loading takes; nothing that is trained depends on it. */
  readonly nowMs: () => number;
  /** Told what a person should know, such as a slower backend. */
  readonly onNotice: (text: string) => void;
  /** Told when the first step of each share is done; the first of all ends a cold start. */
  readonly onFirstStep?: () => void;
}

/** What a job learns from and with. */
export interface LearnerParts {
  readonly document: JobDocument;
  readonly plan: Plan;
  readonly dataset: Dataset;
  readonly model: Model;
  readonly primary: Learner["primary"];
}

/** Opens what a job learns from and with. TensorFlow is loaded at the first step, while its examples are fetched. */
export async function openLearner(
  store: ObjectStore,
  document: JobDocument,
  plan: Plan,
  options: LearnerOptions,
): Promise<Learner> {
  const dataset = await openDataset(store, plan.datasetHash);
  const { model, primary } = await openModel(document, dataset.manifest.encoding);
  return new TrainingLearner({ document, plan, dataset, model, primary }, options);
}

export class TrainingLearner implements Learner {
  readonly primary: Learner["primary"];
  readonly #document: JobDocument;
  readonly #plan: Plan;
  readonly #dataset: Dataset;
  readonly #model: Model;
  readonly #options: LearnerOptions;
  #loading: Promise<{ backend: Backend; trainer: Trainer }> | undefined;
  #trainer: Trainer | undefined;
  #loadMs = 0;
  #toldReason: string | undefined;

  constructor({ document, plan, dataset, model, primary }: LearnerParts, options: LearnerOptions) {
    this.#document = document;
    this.#plan = plan;
    this.#dataset = dataset;
    this.#model = model;
    this.primary = primary;
    this.#options = options;
  }

  get stamp() {
    return this.#trainer?.stamp;
  }

  get mode() {
    return this.#trainer?.mode;
  }

  get eagerReason() {
    return this.#trainer?.reason;
  }

  get loadMs() {
    return this.#loadMs;
  }

  initialWeights(): Float32Array {
    return initialWeights(this.#model.parameters, this.#plan.seed);
  }

  async train(round: number, worker: number, from: LocalState, toStep: number): Promise<LocalState> {
    const { workers, localSteps, batchSize, seed, rounds } = this.#plan;
    const share = (round * workers + worker) * localSteps;
    const first = (share + from.step) * batchSize;
    const order = trainingOrder(this.#dataset.manifest, seed, first, (toStep - from.step) * batchSize);
    const [examples, { backend, trainer }] = await Promise.all([this.#dataset.load("train", order), this.#load()]);
    trainer.begin(from.weights, from.step === 0 ? undefined : from.optimizer);
    let { lossSum } = from;
    for (let step = from.step; step < toStep; step++) {
      const position = (step - from.step) * batchSize;
      const batch = examples.batch(position, position + batchSize);
      const feeds = this.#model.trainingFeeds(batch, new Random(seed, "feeds", round, worker, step));
      const learningRate = learningRateAt(this.#document.training, round * localSteps + step, rounds * localSteps);
      lossSum += trainer.step(feeds, learningRate);
      if (step === from.step) this.#options.onFirstStep?.();
    }
    if (backend.native) this.#tellWhyEager(trainer);
    return { step: toStep, weights: trainer.weights(), optimizer: trainer.state(), lossSum };
  }

  async measure(worker: number, weights: Float32Array): Promise<Sums> {
    const { examples } = this.#dataset.manifest.heldOut;
    const [from, to] = heldOutRange(examples, this.#plan.workers, worker);
    const positions = Float64Array.from({ length: to - from }, (_, i) => from + i);
    const [share, { trainer }] = await Promise.all([this.#dataset.load("heldOut", positions), this.#load()]);
    trainer.begin(weights);
    const sums: Record<string, number> = {};
    for (let start = 0; start < to - from; start += measureBatch) {
      const batch = share.batch(start, Math.min(start + measureBatch, to - from));
      const scores = this.#model.score(trainer.outputs(this.#model.outputFeeds(batch)), batch);
      for (const [name, value] of Object.entries(scores)) sums[name] = (sums[name] ?? 0) + value;
    }
    return sums;
  }

  metrics(sums: Sums): Record<string, number> {
    return this.#model.metrics(sums);
  }

  async exportModel(weights: Float32Array): Promise<ResultFile[]> {
    const { backend } = await this.#load();
    const { job, datasetHash } = this.#plan;
    const encoding = Buffer.from(JSON.stringify(this.#dataset.manifest.encoding));
    const files = await modelFiles(backend.tf, this.#model, weights, { job, datasetHash });
    return [...files, { name: "encoding.json", bytes: encoding }];
  }

  /** Known only after some steps: a step is recorded, and checked against one op by op, while it runs for the first times. */
  #tellWhyEager({ reason }: Trainer): void {
    if (reason === undefined || reason === this.#toldReason) return;
    this.#toldReason = reason;
    this.#options.onNotice(`The training step runs op by op, which is several times slower: ${reason}.`);
  }

  #load() {
    this.#loading ??= (async () => {
      const startedAtMs = this.#options.nowMs();
      const backend = await loadBackend();
      const { numerics, training } = this.#document;
      const { optimizer, clipNorm } = training;
      const options = { numerics, optimizer, ...(clipNorm !== undefined && { clipNorm }) };
      const trainer = createTrainer(backend, this.#model, options);
      if (backend.notice) this.#options.onNotice(backend.notice);
      if (numerics === "portable" && !backend.native) this.#options.onNotice(notPortable);
      this.#trainer = trainer;
      this.#loadMs += this.#options.nowMs() - startedAtMs;
      return { backend, trainer };
    })();
    return this.#loading;
  }
}
