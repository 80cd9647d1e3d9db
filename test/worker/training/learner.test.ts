import { expect } from "chai";
import type { Dataset, SplitName } from "../../../worker-runtime/src/data/dataset.ts";
import { trainingOrder } from "../../../worker-runtime/src/data/order.ts";
import type { DatasetManifest, Examples } from "../../../worker-runtime/src/data/types.ts";
import { UserError } from "../../../worker-runtime/src/errors.ts";
import type { JobDocument } from "../../../worker-runtime/src/job/document.ts";
import type { Feed, Model } from "../../../worker-runtime/src/models/model.ts";
import { TrainingLearner } from "../../../worker-runtime/src/training/learner.ts";
import { learningRateAt } from "../../../worker-runtime/src/training/schedule.ts";
import { documentOf, planOf } from "../protocol/world.ts";
import { expectSameBits, requireNative } from "./support.ts";

/** Example i is the number i; the training examples come first. */
const examples = { train: 40, heldOut: 7 };

function datasetOf(): Dataset {
  const column = { name: "number", type: "float32", shape: [] } as const;
  const split = (count: number) => ({ columns: [column], examples: count, shards: [shard(count - 3), shard(3)] });
  const shard = (count: number) => ({ sha256: "", examples: count, sizeBytes: 4 * count });
  const manifest: DatasetManifest = {
    version: 1,
    train: split(examples.train),
    heldOut: split(examples.heldOut),
    encoding: {},
    skippedRows: 0,
  };
  return {
    hash: "none",
    manifest,
    load: async (split: SplitName, positions: Float64Array) => ({
      batch: (from: number, to: number): Examples => ({
        count: to - from,
        columns: {
          number: Float32Array.from(positions.subarray(from, to), (at) => at + (split === "train" ? 0 : 1000)),
        },
      }),
    }),
  };
}

/** One weight, whose gradient is the mean of the batch's numbers; measuring adds them up. */
function modelOf(loss?: Model["loss"]): Model & { readonly drawn: number[] } {
  const feedsOf = ({ count, columns }: Examples): Feed[] => [
    { type: "float32", shape: [count], values: columns.number as Float32Array },
  ];
  const drawn: number[] = [];
  return {
    drawn,
    parameters: [{ name: "w", shape: [], initialiser: { kind: "constant", value: 5 } }],
    trainingFeeds(batch, random) {
      drawn.push(random.uniform(0));
      return feedsOf(batch);
    },
    loss: loss ?? ((tf, [w], [x]) => tf.mul(w!, tf.mean(x!))),
    outputFeeds: feedsOf,
    outputs: (tf, [w], [x]) => tf.add(w!, x!),
    score: (outputs, { count }) => ({ examples: count, sum: outputs.reduce((sum, value) => sum + value, 0) }),
    metrics: () => ({}),
    answers: () => [],
    layers: () => undefined,
  };
}

const plan = planOf({ workers: 3, rounds: 2, localSteps: 4, partSteps: 2, batchSize: 5 });
const document: JobDocument = documentOf();
document.training.schedule.kind = "linear";

const start = { step: 0, weights: Float32Array.of(5), optimizer: new Float32Array(), lossSum: 0 };

describe("a learner", () => {
  before(async function () {
    await requireNative(this);
  });

  function learnerOf(model: Model, changes: Partial<JobDocument> = {}) {
    const notices: string[] = [];
    const parts = {
      document: { ...document, ...changes },
      ...{ plan, dataset: datasetOf(), model, primary: { metric: "sum", better: "lower" } as const },
    };
    let nowMs = 0;
    const options = { nowMs: () => nowMs++, onNotice: (text: string) => notices.push(text) };
    return { learner: new TrainingLearner(parts, options), notices };
  }

  it("takes its own stretch of the training sequence, at the learning rates of those steps", async () => {
    const { learner } = learnerOf(modelOf());
    for (const [round, worker] of [
      [0, 0],
      [0, 2],
      [1, 1],
    ] as const) {
      const from = (round * plan.workers + worker) * 4 * 5;
      const order = trainingOrder(datasetOf().manifest, plan.seed, from, 20);
      let [weight, lossSum] = [5, 0];
      for (let step = 0; step < 4; step++) {
        const mean = order.subarray(5 * step, 5 * step + 5).reduce((sum, number) => sum + number, 0) / 5;
        lossSum += weight * mean;
        weight -= learningRateAt(document.training, round * 4 + step, 8) * mean;
      }
      const after = await learner.train(round, worker, start, 4);
      expect(after.step).to.equal(4);
      expect(after.weights[0]).to.be.closeTo(weight, 1e-4);
      expect(after.lossSum).to.be.closeTo(lossSum, 1e-3);
      expect(after.optimizer).to.have.length(0);
    }
  });

  it("goes on after a pause with the same bits, and the same random numbers", async () => {
    for (const optimizer of [{ kind: "sgd" }, { kind: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }] as const) {
      const [whole, paused] = [modelOf(), modelOf()];
      const straight = await learnerOf(whole, { training: { ...document.training, optimizer } }).learner.train(
        1,
        2,
        start,
        4,
      );
      const { learner } = learnerOf(paused, { training: { ...document.training, optimizer } });
      const half = await learner.train(1, 2, start, 2);
      const resumed = await learnerOf(paused, { training: { ...document.training, optimizer } }).learner.train(
        1,
        2,
        half,
        4,
      );
      expectSameBits(resumed.weights, straight.weights, "weights");
      expectSameBits(resumed.optimizer, straight.optimizer, "optimizer state");
      expect(resumed.lossSum).to.equal(straight.lossSum);
      expect(paused.drawn).to.deep.equal(whole.drawn);
      expect(new Set(whole.drawn).size).to.equal(4);
    }
  });

  it("measures each held-out example once over all workers", async () => {
    const { learner } = learnerOf(modelOf());
    const sums = await Promise.all([0, 1, 2].map((worker) => learner.measure(worker, Float32Array.of(5))));
    expect(sums.reduce((count, share) => count + share.examples!, 0)).to.equal(7);
    expect(sums.reduce((sum, share) => sum + share.sum!, 0)).to.equal(7 * 1005 + (0 + 1 + 2 + 3 + 4 + 5 + 6));
  });

  it("starts from the initial weights of its model, and knows what it ran on and for how long it loaded", async () => {
    const { learner, notices } = learnerOf(modelOf());
    expect([...learner.initialWeights()]).to.deep.equal([5]);
    expect([learner.stamp, learner.mode, learner.loadMs]).to.deep.equal([undefined, undefined, 0]);
    await learner.train(0, 0, start, 4);
    expect(learner.stamp).to.include({ backend: "tensorflow", threads: 1 });
    expect([learner.mode, learner.loadMs, learner.eagerReason]).to.deep.equal(["recorded", 1, undefined]);
    expect(notices).to.deep.equal([]);
  });

  const branching: Model["loss"] = (tf, [w], [x]) => tf.mul(w!, x!.dataSync()[0]! > 3 ? 1 : 2);

  it("tells once why its steps run op by op", async () => {
    const { learner, notices } = learnerOf(modelOf(branching), { numerics: "native" });
    await learner.train(0, 0, start, 4);
    await learner.train(0, 1, start, 4);
    await learner.measure(0, Float32Array.of(5));
    expect(notices).to.deep.equal([
      "The training step runs op by op, which is several times slower: it reads the values of a tensor while it runs.",
    ]);
    expect([learner.mode, learner.eagerReason]).to.deep.equal([
      "eager",
      "it reads the values of a tensor while it runs",
    ]);
  });

  it("refuses to train op by op with portable numerics", async () => {
    const { learner } = learnerOf(modelOf(branching));
    const error = await learner.train(0, 0, start, 4).catch((error: Error) => error);
    expect(error).to.be.instanceOf(UserError);
    expect((error as UserError).message).to.equal(
      "numerics: portable needs the training step as one recorded graph, which cannot be had: it reads the values of a tensor " +
        "while it runs. Change the model, or write `numerics: native` into the job file: then the result can be repeated only on " +
        "machines of the same kind.",
    );
  });
});
