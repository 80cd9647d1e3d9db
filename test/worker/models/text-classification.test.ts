import { expect } from "chai";
import { BadRow, UserError } from "../../../worker-runtime/src/errors.ts";
import type { Model } from "../../../worker-runtime/src/models/model.ts";
import { FeatureStatistics, weighFeatures } from "../../../worker-runtime/src/models/text/weights.ts";
import { textClassification } from "../../../worker-runtime/src/models/text-classification.ts";
import { Random } from "../../../worker-runtime/src/training/random.ts";
import {
  encodeNewRows,
  encodeRows,
  expectRecorded,
  gradientError,
  layersAnswers,
  lossOf,
  rowOf,
  someWeights,
  trainerOf,
} from "./support.ts";

const config = {
  kind: "text-classification",
  wordNgrams: 1,
  characterNgrams: null,
  buckets: 64,
  featuresPerText: 6,
} as const;
const columns = { columns: { text: "review", label: "stars" } };

const reviews = [
  { review: "good film", stars: "praise" },
  { review: "good good plot", stars: "praise" },
  { review: "bad film", stars: "blame" },
  { review: "sad bad end", stars: "blame" },
];
const encode = (
  train: readonly Record<string, unknown>[] = reviews,
  heldOut: readonly Record<string, unknown>[] = [],
) => encodeRows(textClassification.encoder(config, columns), train, heldOut);

describe("the weights of features", () => {
  it("are higher for what tells labels apart, and 0 for what was never seen", () => {
    const statistics = new FeatureStatistics(5);
    statistics.observe(0, [1, 3]);
    statistics.observe(0, [1, 3]);
    statistics.observe(1, [2, 3]);
    statistics.observe(1, [2, 3]);
    const [, onlyFirst, onlySecond, both, never] = statistics.weights();
    // Two of two texts against none of two, with half a text more on either side; idf of 2 in 4.
    const ratio = Math.log(2.5 / 3) - Math.log(0.5 / 3);
    expect(onlyFirst).to.be.closeTo(ratio * (1 + Math.log(5 / 3)), 1e-6);
    expect(onlySecond).to.equal(onlyFirst);
    expect(both).to.equal(0);
    expect(never).to.equal(0);
  });

  it("count the label that stands out most when there are many", () => {
    const statistics = new FeatureStatistics(3);
    for (const label of [0, 1, 2, 2]) statistics.observe(label, label === 2 ? [1] : [2]);
    const [never, rare, common] = statistics.weights();
    expect(never).to.equal(0);
    expect(rare).to.equal(common);
    expect(common).to.be.closeTo((1 + Math.log(5 / 3)) * Math.log(2.5 / 0.5), 1e-6);
  });

  it("make texts of length 1, whatever their number of words", () => {
    const weights = Float32Array.of(0, 1, 2, 0, 3);
    const { buckets, values } = weighFeatures(
      new Map([
        [4, 1],
        [3, 9],
        [1, 3],
        [2, 1],
      ]),
      weights,
      2,
    );
    expect(buckets).to.deep.equal([4, 1]);
    const [a, b] = [3, 1 + Math.log(3)];
    expect(values[0]).to.be.closeTo(a / Math.hypot(a, b), 1e-9);
    expect(values[1]).to.be.closeTo(b / Math.hypot(a, b), 1e-9);
    expect(weighFeatures(new Map(), weights, 2)).to.deep.equal({ buckets: [], values: [] });
  });
});

describe("the encoder of texts", () => {
  it("gives the constant feature first, then the text's, then padding that weighs nothing", () => {
    const { train, encoding } = encode();
    expect((encoding as { labels: unknown }).labels).to.deep.equal(["blame", "praise"]);
    expect([...train.columns.label!]).to.deep.equal([1, 1, 0, 0]);
    const first = { features: train.columns.features!.slice(0, 6), weights: train.columns.weights!.slice(0, 6) };
    expect(first.features[0]).to.equal(0);
    expect(first.weights[0]).to.be.above(0);
    // "film" is under both labels once, so of "good film" only "good" is left.
    expect(first.features[1]).to.be.above(0);
    expect([...first.weights.slice(1)]).to.deep.equal([1, 0, 0, 0, 0]);
    expect([...first.features.slice(2)]).to.deep.equal([0, 0, 0, 0]);
  });

  it("learns nothing from held-out rows", () => {
    const other = { review: "splendid ".repeat(3), stars: "praise" };
    expect(encode(reviews, [other]).encoding).to.deep.equal(encode(reviews, []).encoding);
  });

  it("encodes a new text as it would have been in training, without its label", () => {
    const { train, encoding } = encode();
    const restored = textClassification.restoredEncoder(config, { columns: { text: "body" } }, encoding);
    const examples = encodeNewRows(
      restored,
      reviews.map(({ review }) => ({ body: review })),
    );
    expect(examples.columns.features).to.deep.equal(train.columns.features);
    expect(examples.columns.weights).to.deep.equal(train.columns.weights);
  });

  it("cuts a long text, and takes one of unknown words", () => {
    const long = { review: "good bad sad end plot good splendid good", stars: "praise" };
    const { heldOut } = encode(reviews, [long, { review: "quux", stars: "blame" }]);
    expect([...heldOut.columns.weights!].slice(0, 6)).to.not.include(0);
    expect([...heldOut.columns.weights!].slice(7)).to.deep.equal([0, 0, 0, 0, 0]);
  });

  it("says what is wrong with a row", () => {
    const problems: [Record<string, unknown>, string][] = [
      [{ reviews: "good", stars: "praise" }, 'there is no column "review"; did you mean "reviews"?'],
      [{ review: "", stars: "praise" }, 'column "review" is empty'],
      [{ review: ["good"], stars: "praise" }, 'column "review" must be text, and it is ["good"]'],
      [{ review: "good" }, 'there is no column "stars"; the row has review.'],
      [{ review: "good", stars: "" }, 'column "stars" is empty'],
    ];
    for (const [values, message] of problems) {
      const encoder = textClassification.encoder(config, columns);
      expect(() => encoder.observe(rowOf(values), "train"), JSON.stringify(values)).to.throw(BadRow, message);
    }
    expect(() => encode(reviews, [{ review: "good", stars: "paise" }])).to.throw(
      BadRow,
      'label "paise" never occurs in the training examples, which have blame, praise',
    );
    expect(() => encode(reviews.slice(0, 2))).to.throw(UserError, 'all are labelled "praise"');
  });
});

describe("the model of texts", () => {
  const { train, encoding } = encode();
  const model = textClassification.model(config, encoding) as Model;
  const weights = someWeights(model);
  const feeds = model.trainingFeeds(train, new Random(1));

  /** Written out in plain arithmetic: the probability of each label. */
  function probabilities(example: number): number[] {
    const scores = [0, 0];
    for (let i = 6 * example; i < 6 * example + 6; i++) {
      for (const label of [0, 1]) {
        scores[label]! += weights[2 * train.columns.features![i]! + label]! * train.columns.weights![i]!;
      }
    }
    const sum = Math.exp(scores[0]!) + Math.exp(scores[1]!);
    return scores.map((score) => Math.exp(score) / sum);
  }

  it("has the loss of a linear classifier, and its gradient", async () => {
    const losses = [0, 1, 2, 3].map((i) => -Math.log(probabilities(i)[train.columns.label![i]!]!));
    expect(await lossOf(model, weights, feeds)).to.be.closeTo(losses.reduce((a, b) => a + b) / 4, 1e-6);
    expect(await gradientError(model, weights, feeds)).to.be.below(1e-3);
  });

  it("gives probabilities, which the exported layers give too", async () => {
    const trainer = await trainerOf(model);
    trainer.begin(weights);
    const outputs = trainer.outputs(model.outputFeeds(train));
    trainer.dispose();
    const expected = [0, 1, 2, 3].flatMap(probabilities);
    for (const [i, value] of expected.entries()) expect(outputs[i]).to.be.closeTo(value, 1e-6);
    const layers = await layersAnswers(model, weights, model.outputFeeds(train));
    for (const [i, value] of outputs.entries()) expect(layers[i]).to.be.closeTo(value, 1e-6);
  });

  it("learns to tell praise from blame, as one recorded graph", async () => {
    const trainer = await trainerOf(model);
    trainer.begin(new Float32Array(weights.length));
    for (let step = 0; step < 20; step++) trainer.step(feeds, 5);
    await expectRecorded(trainer);
    const heldOut = encodeNewRows(textClassification.restoredEncoder(config, columns, encoding), [
      { review: "a good end of a good film" },
      { review: "bad, sad film" },
    ]);
    const answers = model.answers(trainer.outputs(model.outputFeeds(heldOut)), heldOut);
    trainer.dispose();
    expect(answers.map(({ label }) => label)).to.deep.equal(["praise", "blame"]);
  });
});
