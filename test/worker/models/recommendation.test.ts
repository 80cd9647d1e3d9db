import { expect } from "chai";
import fc from "fast-check";
import { BadRow, UserError } from "../../../worker-runtime/src/errors.ts";
import type { ModelConfig } from "../../../worker-runtime/src/job/document.ts";
import type { Model } from "../../../worker-runtime/src/models/model.ts";
import {
  candidateItems,
  candidateLimit,
  gains,
  rankOf,
  topPlaces,
} from "../../../worker-runtime/src/models/ratings/ranking.ts";
import { recommendation } from "../../../worker-runtime/src/models/recommendation.ts";
import { Random } from "../../../worker-runtime/src/training/random.ts";
import {
  encodeNewRows,
  encodeRows,
  expectRecorded,
  gradientError,
  layersAnswers,
  lossOf,
  parametersOf,
  rowOf,
  someWeights,
  trainerOf,
} from "./support.ts";

const explicit: ModelConfig<"recommendation"> = {
  kind: "recommendation",
  feedback: "explicit",
  factors: 2,
  regularisation: 0.1,
  negatives: 2,
};
const implicit = { ...explicit, feedback: "implicit" as const };
const data = { columns: { user: "userId", item: "movieId" } };

const rated = (userId: string, movieId: string | number, rating: number) => ({ userId, movieId, rating });
const train = [rated("ann", 10, 5), rated("ann", 20, 1), rated("bob", 10, 4), rated("bob", 30, 2), rated("cem", 20, 3)];
const heldOut = [rated("ann", 30, 5), rated("cem", 10, 2), rated("dan", 10, 4), rated("bob", 99, 4)];

const explicitRows = () => encodeRows(recommendation("explicit").encoder(explicit, data), train, heldOut);

describe("ranking", () => {
  const bitsOf = (seen: readonly boolean[]) => {
    const bits = new Uint8Array(Math.ceil(seen.length / 8));
    for (const [place, isSeen] of seen.entries()) if (isSeen) bits[place >> 3]! |= 1 << (place & 7);
    return bits;
  };
  const catalogue = fc.array(fc.record({ score: fc.integer({ min: -4, max: 4 }), seen: fc.boolean() }), {
    minLength: 1,
    maxLength: 40,
  });

  it("places an item behind all that score as high, and passes over what the user has", () => {
    fc.assert(
      fc.property(catalogue, fc.nat(), (items, pick) => {
        const itself = pick % items.length;
        const own = items[itself]!.score;
        const rivals = items.filter(({ seen }, place) => !seen && place !== itself);
        const sorted = [...rivals.map(({ score }) => score), own - 0.5].sort((a, b) => b - a);
        const scores = Float32Array.from(items, ({ score }) => score);
        expect(rankOf(own, scores, bitsOf(items.map(({ seen }) => seen)), itself)).to.equal(
          1 + sorted.indexOf(own - 0.5),
        );
      }),
    );
  });

  it("takes the ten best that the user does not have", () => {
    fc.assert(
      fc.property(catalogue, (items) => {
        const sorted = items
          .map(({ score, seen }, place) => ({ score, seen, place }))
          .filter(({ seen }) => !seen)
          .sort((a, b) => b.score - a.score || a.place - b.place);
        const scores = Float32Array.from(items, ({ score }) => score);
        const expected = sorted.slice(0, 10).map(({ place }) => place);
        expect(topPlaces(scores, bitsOf(items.map(({ seen }) => seen)))).to.deep.equal(expected);
      }),
    );
  });

  it("gains 1 for the first place, less further down, and nothing behind the tenth", () => {
    expect(gains(1)).to.deep.equal({ hits: 1, gain: 1 });
    expect(gains(3)).to.deep.equal({ hits: 1, gain: 0.5 });
    expect(gains(10)).to.deep.equal({ hits: 1, gain: 1 / Math.log2(11) });
    expect(gains(11)).to.deep.equal({ hits: 0, gain: 0 });
  });

  it("counts a model that is not a number as last", () => {
    expect(rankOf(Number.NaN, new Float32Array(5).fill(Number.NaN), bitsOf(Array(5).fill(false)), 2)).to.equal(5);
  });

  it("is over the whole catalogue, or over a fixed part of a very large one", () => {
    expect([...candidateItems(3)]).to.deep.equal([1, 2, 3]);
    const some = candidateItems(candidateLimit + 1000);
    expect(new Set(some).size).to.equal(candidateLimit);
    expect(some).to.deep.equal(candidateItems(candidateLimit + 1000));
    expect(
      some.every((item, i) => item >= 1 && item <= candidateLimit + 1000 && (i === 0 || item > some[i - 1]!)),
    ).to.equal(true);
  });
});

describe("the encoder of ratings", () => {
  it("numbers users and items from 1, and what training never saw as 0", () => {
    const { train, heldOut, encoding } = explicitRows();
    expect(encoding).to.deep.equal({ users: ["ann", "bob", "cem"], items: ["10", "20", "30"], meanRating: 3 });
    expect([...train.columns.user!]).to.deep.equal([1, 1, 2, 2, 3]);
    expect([...train.columns.item!]).to.deep.equal([1, 2, 1, 3, 2]);
    expect([...train.columns.rating!]).to.deep.equal([5, 1, 4, 2, 3]);
    expect([...heldOut.columns.user!]).to.deep.equal([1, 3, 0, 2]);
    expect([...heldOut.columns.item!]).to.deep.equal([3, 1, 1, 0]);
  });

  it("marks for a held-out event what its user has in training", () => {
    // One bit for each item: ann has 10 and 20, cem has 20, dan nothing, bob 10 and 30.
    expect([...explicitRows().heldOut.columns.seen!]).to.deep.equal([0b011, 0b010, 0, 0b101]);
  });

  it("needs no rating for purchases", () => {
    const purchases = [
      { user: 7, item: "tea", time: 3 },
      { user: 8, item: "mug", time: 4 },
    ];
    const { train, encoding } = encodeRows(recommendation("implicit").encoder(implicit, { columns: {} }), purchases);
    expect(Object.keys(train.columns)).to.deep.equal(["user", "item"]);
    expect(encoding).to.deep.equal({ users: ["7", "8"], items: ["tea", "mug"], meanRating: 0 });
  });

  it("says what is wrong with a row", () => {
    const problems: [Record<string, unknown>, string][] = [
      [{ userID: "ann", movieId: 1, rating: 2 }, 'there is no column "userId"; did you mean "userID"?'],
      [{ userId: "ann", movieId: "", rating: 2 }, 'column "movieId" is empty'],
      [{ userId: "ann", movieId: 1, rating: "good" }, 'column "rating" must be a number, and it is "good"'],
      [{ userId: { name: "ann" }, movieId: 1, rating: 2 }, 'column "userId" must be an id'],
    ];
    for (const [values, message] of problems) {
      const encoder = recommendation("explicit").encoder(explicit, data);
      expect(() => encoder.observe(rowOf(values), "train"), message).to.throw(BadRow, message);
    }
    expect(() => encodeRows(recommendation("explicit").encoder(explicit, data), [])).to.throw(
      UserError,
      "there are none",
    );
  });
});

describe("the model of ratings", () => {
  const { train: examples, heldOut: measured, encoding } = explicitRows();
  const model = recommendation("explicit").model(explicit, encoding) as Model;
  const weights = someWeights(model);
  const [userVectors, itemVectors, userBiases, itemBiases] = parametersOf(model, weights) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const score = (user: number, item: number) =>
    userVectors[2 * user]! * itemVectors[2 * item]! +
    userVectors[2 * user + 1]! * itemVectors[2 * item + 1]! +
    userBiases[user]! +
    itemBiases[item]!;

  it("starts everyone at the mean rating", async () => {
    const initial = model.parameters.map(({ initialiser }) => initialiser);
    expect(initial[0]).to.deep.equal({ kind: "zeros" });
    expect(initial[2]).to.deep.equal({ kind: "zeros" });
    expect(initial[3]).to.deep.equal({ kind: "constant", value: 3 });
  });

  it("has the squared error and the penalty of matrix factorisation, and their gradient", async () => {
    const losses = train.map(({ rating }, i) => {
      const [user, item] = [examples.columns.user![i]!, examples.columns.item![i]!];
      const squares = [0, 1].reduce(
        (sum, k) => sum + userVectors[2 * user + k]! ** 2 + itemVectors[2 * item + k]! ** 2,
        0,
      );
      const penalty = squares + userBiases[user]! ** 2 + (itemBiases[item]! - 3) ** 2;
      return (score(user, item) - rating) ** 2 + 0.1 * penalty;
    });
    const feeds = model.trainingFeeds(examples, new Random(1));
    expect(await lossOf(model, weights, feeds)).to.be.closeTo(losses.reduce((a, b) => a + b) / 5, 1e-5);
    expect(await gradientError(model, weights, feeds)).to.be.below(5e-3);
  });

  it("is measured by RMSE, and by where the liked items rank among those the user does not have", async () => {
    const trainer = await trainerOf(model);
    trainer.begin(weights);
    const sums = model.score(trainer.outputs(model.outputFeeds(measured)), measured);
    trainer.dispose();
    // Item 99 was never seen: the biases answer. Its rating still counts for RMSE, and as a miss.
    const predicted = [score(1, 3), score(3, 1), score(0, 1), userBiases[2]! + itemBiases[0]!];
    const squaredError = heldOut.reduce((sum, { rating }, i) => sum + (rating - predicted[i]!) ** 2, 0);
    // Liked, above the mean of 3: ann's 30, whose only rivals she has; dan's 10 among all three; bob's 99.
    const rank = 1 + [2, 3].filter((item) => score(0, item) >= score(0, 1)).length;
    expect(sums.examples).to.equal(4);
    expect(sums.squaredError).to.be.closeTo(squaredError, 1e-4);
    expect(sums.ranked).to.equal(3);
    expect(sums.hits).to.equal(2);
    expect(sums.gain).to.be.closeTo(1 + 1 / Math.log2(rank + 1), 1e-12);
    const metrics = model.metrics(sums);
    expect(metrics.rmse).to.be.closeTo(Math.sqrt(squaredError / 4), 1e-5);
    expect(metrics["recall@10"]).to.be.closeTo(2 / 3, 1e-12);
  });

  it("exports layers that give the same scores", async () => {
    const feeds = model.outputFeeds(examples);
    const layers = await layersAnswers(model, weights, feeds);
    for (const i of train.keys()) {
      expect(layers[i]).to.be.closeTo(score(examples.columns.user![i]!, examples.columns.item![i]!), 1e-5);
    }
  });

  it("answers with a score and recommendations, and says when it does not know the user", async () => {
    const restored = recommendation("explicit").restoredEncoder(explicit, data, encoding);
    const asked = encodeNewRows(restored, [rated("ann", 30, 0), { userId: "zoe" }]);
    const trainer = await trainerOf(model);
    // A stranger's row stays as it starts, at zero.
    const trained = weights.map((weight, i) => (i < 2 || i === 16 ? 0 : weight));
    trainer.begin(trained);
    const [known, stranger] = model.answers(trainer.outputs(model.outputFeeds(asked)), asked);
    trainer.dispose();
    expect(known!.score).to.be.closeTo(score(1, 3), 1e-4);
    expect(known).to.not.have.property("note");
    expect((known!.recommended as unknown[]).length).to.equal(3);
    expect(stranger).to.not.have.property("score");
    expect(stranger!.note).to.include("no training examples");
    const byBias = [1, 2, 3]
      .sort((a, b) => itemBiases[b]! - itemBiases[a]!)
      .map((item) => ["10", "20", "30"][item - 1]);
    expect((stranger!.recommended as { item: string }[]).map(({ item }) => item)).to.deep.equal(byBias);
  });
});

describe("the model of events", () => {
  const purchases = train.map(({ userId, movieId }) => ({ userId, movieId }));
  const { train: examples, encoding } = encodeRows(recommendation("implicit").encoder(implicit, data), purchases);
  const model = recommendation("implicit").model(implicit, encoding) as Model;

  it("puts drawn items beside each chosen one, the same in each repetition of a step", () => {
    const [user, item, happened] = model.trainingFeeds(examples, new Random(1, "step"));
    expect([...user!.values]).to.deep.equal([1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 3, 3]);
    expect([...happened!.values]).to.deep.equal([1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0]);
    expect([0, 3, 6, 9, 12].map((i) => item!.values[i])).to.deep.equal([1, 2, 1, 3, 2]);
    expect([...item!.values].every((number) => number >= 1 && number <= 3)).to.equal(true);
    expect(model.trainingFeeds(examples, new Random(1, "step"))).to.deep.equal([user, item, happened]);
    expect(model.trainingFeeds(examples, new Random(2, "step"))[1]).to.not.deep.equal(item);
  });

  it("has the logistic loss, and its gradient", async () => {
    const weights = someWeights(model);
    const feeds = model.trainingFeeds(examples, new Random(1));
    const [p, q, b, c] = parametersOf(model, weights) as [Float32Array, Float32Array, Float32Array, Float32Array];
    let loss = 0;
    for (let i = 0; i < 15; i++) {
      const [user, item] = [feeds[0]!.values[i]!, feeds[1]!.values[i]!];
      const score = p[2 * user]! * q[2 * item]! + p[2 * user + 1]! * q[2 * item + 1]! + b[user]! + c[item]!;
      const squares = [p[2 * user]!, p[2 * user + 1]!, q[2 * item]!, q[2 * item + 1]!, b[user]!, c[item]!];
      loss += Math.log(1 + Math.exp(feeds[2]!.values[i] === 1 ? -score : score));
      loss += 0.1 * squares.reduce((sum, value) => sum + value ** 2, 0);
    }
    expect(await lossOf(model, weights, feeds)).to.be.closeTo(loss / 15, 1e-5);
    expect(await gradientError(model, weights, feeds)).to.be.below(5e-3);
  });
});

describe("what a recommender finds", () => {
  const random = new Random(5, "structure");
  /** Two groups of users, each of which likes its own half of the items. */
  const likes = (user: number, item: number) => user % 2 === item % 2;

  it("is the structure of ratings, down to their noise", async () => {
    const noise = (i: number) => 0.6 * (random.uniform(i) - 0.5);
    const pairs = Array.from({ length: 40 * 20 }, (_, i) => [Math.floor(i / 20), i % 20] as const);
    const rows = pairs.map(([user, item], i) =>
      rated(`u${user}`, `i${item}`, 3 + (likes(user, item) ? 1 : -1) + noise(i)),
    );
    const isHeldOut = (i: number) => random.uniform(10_000 + i) < 0.2;
    const { train, heldOut, encoding } = encodeRows(
      recommendation("explicit").encoder(explicit, data),
      rows.filter((_, i) => !isHeldOut(i)),
      rows.filter((_, i) => isHeldOut(i)),
    );
    const model = recommendation("explicit").model({ ...explicit, regularisation: 0.003 }, encoding) as Model;
    const trainer = await trainerOf(model);
    trainer.begin(someWeights(model).map((weight, i) => (i < 82 ? 0 : weight)));
    for (let step = 0; step < 300; step++) trainer.step(model.trainingFeeds(train, new Random(step)), 10);
    await expectRecorded(trainer);
    const { rmse } = model.metrics(model.score(trainer.outputs(model.outputFeeds(heldOut)), heldOut));
    trainer.dispose();
    // The noise is uniform in 0.6, a deviation of 0.173; the ratings' own is 1.
    expect(rmse).to.be.below(0.21);
  });

  it("is the taste behind purchases, by time", async () => {
    const rows = Array.from({ length: 3000 }, (_, i) => ({
      userId: `u${random.below(40, 3 * i)}`,
      movieId: `i${random.below(60, 3 * i + 1)}`,
    })).filter(({ userId, movieId }) => likes(Number(userId.slice(1)), Number(movieId.slice(1))));
    const { train, heldOut, encoding } = encodeRows(
      recommendation("implicit").encoder(implicit, data),
      rows.slice(0, 1000),
      rows.slice(1000),
    );
    const model = recommendation("implicit").model({ ...implicit, regularisation: 0.001 }, encoding) as Model;
    const trainer = await trainerOf(model);
    const initial = someWeights(model).map((weight, i) => (i < 82 ? 0 : weight));
    const recall = () => model.metrics(model.score(trainer.outputs(model.outputFeeds(heldOut)), heldOut))["recall@10"]!;
    trainer.begin(initial);
    const before = recall();
    for (let step = 0; step < 300; step++) trainer.step(model.trainingFeeds(train, new Random(step)), 10);
    const after = recall();
    trainer.dispose();
    // Each user has bought about 17 of the 30 items of their taste, so the ten best should be among the 13 others.
    expect(before).to.be.below(0.3);
    expect(after).to.be.above(0.6);
  });
});
