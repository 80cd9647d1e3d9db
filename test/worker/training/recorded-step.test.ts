import type { Tensor, Tensor2D, Tensor4D } from "@tensorflow/tfjs";
import { expect } from "chai";
import type { Examples } from "../../../worker-runtime/src/data/types.ts";
import type { CustomConfig } from "../../../worker-runtime/src/models/custom/network.ts";
import { custom } from "../../../worker-runtime/src/models/custom.ts";
import { imageClassification } from "../../../worker-runtime/src/models/image-classification.ts";
import type { Feed, Model, Tf } from "../../../worker-runtime/src/models/model.ts";
import { recommendation } from "../../../worker-runtime/src/models/recommendation.ts";
import { textClassification } from "../../../worker-runtime/src/models/text-classification.ts";
import type { Backend } from "../../../worker-runtime/src/training/backend.ts";
import { createTrainer } from "../../../worker-runtime/src/training/create-trainer.ts";
import { Random } from "../../../worker-runtime/src/training/random.ts";
import {
  bothWays,
  courseOf,
  expectSameCourse,
  optimizers,
  requireNative,
  smallModel,
  stepModel,
  tableModel,
} from "./support.ts";

/** The last batch is smaller, and comes when the first ones have been compared. */
const sizes = [6, 6, 6, 4];

const labels = ["a", "b", "c"];

/** The kinds of models that a job can name, small. */
const models: Readonly<Record<string, (backend: Backend) => Promise<Model>>> = {
  "a convolutional network": async () =>
    imageClassification.model(
      { kind: "image-classification", filters: [3, 4], dense: [8] },
      { labels, shape: [8, 8, 1] },
    ),
  "an embedding bag of n-grams": async () =>
    textClassification.model(
      { kind: "text-classification", buckets: 512, featuresPerText: 5, wordNgrams: 1, characterNgrams: null },
      { labels },
    ),
  "matrix factorisation of ratings": async () => factorisation("explicit"),
  "matrix factorisation of events": async () => factorisation("implicit"),
  "a topology of the user's, with dropout and penalties": async ({ tf }) => {
    const { layers, regularizers } = tf;
    const dense = { units: 8, activation: "tanh" as const, kernelRegularizer: regularizers.l2({ l2: 0.01 }) };
    const network = tf.sequential({
      layers: [
        layers.dense({ ...dense, inputShape: [6] }),
        layers.layerNormalization(),
        layers.dropout({ rate: 0.4 }),
        layers.dense({ units: labels.length, activation: "softmax" }),
      ],
    });
    const config = { kind: "custom", loss: "softmaxCrossEntropy", label: "class" } as CustomConfig;
    const source = { file: "model.json", topology: network.toJSON(undefined, false) as object };
    return custom(config).model(config, { network: source, inputShape: [6], labels });
  },
};

function factorisation(feedback: "explicit" | "implicit") {
  const names = Array.from({ length: 20 }, (_, i) => String(i));
  return recommendation(feedback).model(
    { kind: "recommendation", feedback, factors: 4, regularisation: 0.1, negatives: 2 },
    { users: names, items: names, meanRating: feedback === "explicit" ? 3.3 : 0 },
  ) as Model;
}

/** Something for each column that one of the models looks at; `distinct`: no row of a table is used twice in a batch. */
function batchesFor(model: Model, { distinct = false } = {}): Feed[][] {
  return sizes.map((count, step) => {
    const random = new Random(step, "examples");
    const place = (i: number, below: number, stream: string) =>
      distinct ? (7 * i + step) % below : random.derive(stream).below(below, i);
    const integers = (stream: string, length: number, below: number) =>
      Int32Array.from({ length }, (_, i) => place(i, below, stream));
    const floats = (stream: string, length: number) =>
      Float32Array.from({ length }, (_, i) => random.derive(stream).uniform(i) - 0.5);
    const examples: Examples = {
      count,
      columns: {
        image: Uint8Array.from(integers("image", 64 * count, 256)),
        features: integers("features", 5 * count, 512),
        weights: floats("weights", 5 * count),
        input: floats("input", 6 * count),
        label: Int32Array.from({ length: count }, (_, i) => i % labels.length),
        user: integers("user", count, 20),
        item: integers("item", count, 20),
        rating: floats("rating", count),
      },
    };
    return model.trainingFeeds(examples, random);
  });
}

type SmallLoss = (tf: Tf, w: Tensor2D, x: Tensor2D, y: Tensor2D) => Tensor;

/** Losses over w [6, 3], x [n, 6] and y [n, 3], each with something that TensorFlow's graphs have computed otherwise. */
const losses: Readonly<Record<string, SmallLoss>> = {
  "inputs brought to a scale": (tf, w, x, y) => {
    const scaled = x.sub([0.1, 0.2, 0.3, 0.4, 0.5, 0.6]).div([3, 7, 11, 13, 17, 19]).mul(2).sub(1);
    return tf.losses.meanSquaredError(y, tf.matMul(scaled, w));
  },
  "chains of constants": (tf, w, x, y) =>
    tf.mean(
      tf
        .matMul(
          x
            .mul(1 / 255)
            .mul(1.7)
            .sub(1 / 3)
            .sub(0.13)
            .add(0.77)
            .div(3)
            .div(7),
          w.mul(0.3),
        )
        .sub(y)
        .square(),
    ),
  "a penalty": (tf, w, x, y) => tf.losses.meanSquaredError(y, tf.matMul(x, w)).add(tf.sum(tf.square(w)).mul(0.013)),
  "a common factor": (tf, w, x, y) => tf.mean(tf.matMul(x, w).mul(0.3).add(y.mul(0.3)).square()),
  "layer normalisation": (tf, w, x, y) => {
    const hidden = tf.matMul(x, w);
    const { mean, variance } = tf.moments(hidden, 1, true);
    return tf.mean(hidden.sub(mean).div(variance.add(1e-5).sqrt()).sub(y).square());
  },
  softmax: (tf, w, x, y) => tf.mean(tf.softmax(tf.matMul(x, w)).sub(y).square()),
  "label smoothing": (tf, w, x, y) => tf.losses.softmaxCrossEntropy(tf.softmax(y), tf.matMul(x, w), undefined, 0.1),
  "log-sum-exp": (tf, w, x, y) => tf.mean(tf.logSumExp(tf.matMul(x, w), 1).sub(tf.sum(y, 1)).square()),
  swish: (tf, w, x, y) => {
    const hidden = tf.matMul(x, w);
    return tf.mean(hidden.mul(tf.sigmoid(hidden)).sub(y).square());
  },
  gelu: (tf, w, x, y) => {
    const hidden = tf.matMul(x, w);
    return tf.mean(
      hidden
        .mul(tf.erf(hidden.div(Math.SQRT2)).add(1))
        .mul(0.5)
        .sub(y)
        .square(),
    );
  },
  "elu, selu, softplus, leaky relu": (tf, w, x, y) => {
    const hidden = tf.matMul(x, w);
    return tf.mean(
      tf.elu(hidden).add(tf.selu(hidden)).add(tf.softplus(hidden)).add(tf.leakyRelu(hidden)).sub(y).square(),
    );
  },
  powers: (tf, w, x, y) => {
    const hidden = tf.abs(tf.matMul(x, w)).add(0.1);
    return tf.mean(hidden.pow(2).add(hidden.pow(0.5)).add(hidden.pow(-1)).add(hidden.pow(3)).sub(y).square());
  },
  norms: (tf, w, x) => tf.mean(tf.square(tf.norm(tf.matMul(x, w), 2, 1))).add(tf.norm(w)),
  "parts, put together again": (tf, w, x, y) => {
    const [a, b, c] = tf.split(tf.matMul(x, w), 3, 1);
    return tf.mean(
      tf
        .concat(
          [
            c!,
            a!,
            b!.pad([
              [0, 0],
              [1, 0],
            ]),
          ],
          1,
        )
        .sub(y.tile([1, 2]).slice([0, 0], [-1, 4]))
        .square(),
    );
  },
  "an average pool": (tf, w, x) =>
    tf.mean(tf.avgPool(tf.matMul(x, w).reshape([-1, 3, 1, 1]) as Tensor4D, [2, 1], 1, "same").square()),
  "a separable convolution": (tf, w, x) => {
    const images = x.reshape([-1, 3, 2, 1]) as Tensor4D;
    const filters = w.reshape([3, 2, 1, 3]) as Tensor4D;
    return tf.mean(tf.depthwiseConv2d(images, filters, 1, "same").square());
  },
  "Huber's, and of logarithms": (tf, w, x, y) => {
    const hidden = tf.matMul(x, w);
    return tf.losses.huberLoss(y, hidden).add(tf.losses.logLoss(tf.sigmoid(y), tf.sigmoid(hidden)));
  },
};

describe("a recorded step", () => {
  let backend: Backend;

  before(async function () {
    backend = await requireNative(this);
  });

  /** Compares both ways over all batches. */
  function expectSameBothWays(model: Model, batches: Feed[][], options: Parameters<typeof createTrainer>[2]): void {
    const { recorded, eager, trainer } = bothWays(backend, model, batches, options);
    expect(trainer.mode, trainer.reason).to.equal("recorded");
    expectSameCourse(recorded, eager, options.optimizer.kind);
  }

  for (const [name, open] of Object.entries(models)) {
    it(`has the bits of one that runs op by op: ${name}`, async () => {
      const model = await open(backend);
      for (const optimizer of Object.values(optimizers)) {
        // Plain SGD subtracts the rows of a gathered table one by one: the same bits only where no row comes twice.
        const distinct = optimizer.kind === "sgd";
        // Drawn items come twice in any case.
        if (distinct && name.includes("events")) continue;
        expectSameBothWays(model, batchesFor(model, { distinct }), { optimizer });
        expectSameBothWays(model, batchesFor(model), { optimizer, clipNorm: 0.1 });
      }
    });
  }

  it("has the bits of one that runs op by op: what networks of the user's own are made of", () => {
    for (const [name, loss] of Object.entries(losses)) {
      const { model, batches } = smallModel(loss);
      const { recorded, eager, trainer } = bothWays(backend, model, batches, { optimizer: { kind: "sgd" } });
      expect(trainer.mode, `${name}: ${trainer.reason}`).to.equal("recorded");
      expectSameCourse(recorded, eager, name);
    }
  });

  it("goes on with the same bits when batches grow again, with what was learned", () => {
    const { model, batches } = stepModel("mlp", [4, 4, 4, 2, 4, 4, 4]);
    const optimizer = { ...optimizers.adam! };
    const { recorded, eager, trainer } = bothWays(backend, model, batches, { optimizer });
    expect(trainer.mode, trainer.reason).to.equal("recorded");
    expectSameCourse(recorded, eager, "batches of several sizes");
  });

  it("takes numbers that are too small for float32's exponents for 0, as eager does", () => {
    const { model, batches } = smallModel((tf: Tf, w: Tensor) => tf.sum(tf.mul(w, 2e-38)));
    const zeros = { ...model, parameters: [{ ...model.parameters[0]!, initialiser: { kind: "zeros" } as const }] };
    const { recorded, eager, trainer } = bothWays(backend, zeros, batches, { optimizer: { kind: "sgd" } });
    expect(trainer.mode, trainer.reason).to.equal("recorded");
    // A step of 0.1 x 2e-38 would be a subnormal number.
    expect(new Set(recorded.weights[3])).to.deep.equal(new Set([0]));
    expectSameCourse(recorded, eager, "tiny gradients");
  });

  it("goes on when the loss is no longer a number, as eager does", () => {
    const { model, batches } = smallModel((tf: Tf, w: Tensor, x: Tensor) => tf.mean(tf.log(tf.matMul(x, w))));
    const { recorded, eager, trainer } = bothWays(backend, model, batches, { optimizer: { kind: "sgd" } });
    expect(trainer.mode, trainer.reason).to.equal("recorded");
    expect(recorded.losses[3]).to.be.NaN.and.deep.equal(eager.losses[3]);
  });

  describe("that subtracts rows of a table one by one", () => {
    const options = { optimizer: { kind: "sgd" as const } };
    const { model, batches } = tableModel(10, 12, 5);

    it("has the sums of eager in another order, the same in every run", () => {
      const { recorded, eager, trainer } = bothWays(backend, model, batches, options);
      expect(trainer.mode, trainer.reason).to.equal("recorded");
      for (const [step, weights] of recorded.weights.entries()) {
        for (const [i, weight] of weights.entries()) expect(weight).to.be.closeTo(eager.weights[step]![i]!, 1e-6);
      }
      expectSameCourse(bothWays(backend, model, batches, options).recorded, recorded, "a second run");
    });

    it("subtracts each product of a gradient's row and the learning rate, in the order of the batch", () => {
      const trainer = createTrainer(backend, model, options);
      const { losses, weights } = courseOf(trainer, model, batches);
      trainer.dispose();
      expect(losses).to.have.length(4);
      // The gradient of the mean over examples and values of the square of a bag: 2 bag / (12 x 4) for its mean, 1/5 for each row.
      const [before, after] = [weights[2]!, weights[3]!];
      const rows = batches[3]![0]!.values;
      const expected = Float64Array.from(before);
      for (let example = 0; example < 12; example++) {
        const bag = [0, 1, 2, 3].map((k) =>
          [0, 1, 2, 3, 4].reduce((sum, t) => sum + before[4 * rows[5 * example + t]! + k]! / 5, 0),
        );
        for (let t = 0; t < 5; t++) {
          for (let k = 0; k < 4; k++) expected[4 * rows[5 * example + t]! + k]! -= (0.1 / 4) * ((2 * bag[k]!) / 48 / 5);
        }
      }
      for (const [i, weight] of after.entries()) expect(weight).to.be.closeTo(expected[i]!, 1e-6);
    });
  });
});
