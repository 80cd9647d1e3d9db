import type * as tfjs from "@tensorflow/tfjs";
import type { Examples } from "../data/types.ts";
import type { ModelConfig } from "../job/document.ts";
import { rounded, square } from "./classification.ts";
import type { Feed, Model, ModelKind, Tf } from "./model.ts";
import { type RatingsEncoding, ratingsEncoder, restoredRatingsEncoder } from "./ratings/encoder.ts";
import { factorisationLayers } from "./ratings/layers.ts";
import { candidateItems, candidateLimit, gains, rankOf, topPlaces } from "./ratings/ranking.ts";

type Config = ModelConfig<"recommendation">;

/**
 * Tells what a user thinks of an item by matrix factorisation: score = user's vector . item's vector + user's bias +
 * item's bias (Koren, Bell and Volinsky 2009). Explicit feedback has ratings, which the score predicts; the item's bias
 * starts at the mean rating. Implicit feedback has mere events: the score is the log-odds that an event is a real one
 * and not of an item drawn at random.
 */
export function recommendation(feedback: Config["feedback"]): ModelKind<Config> {
  return {
    kind: "recommendation",
    primary: feedback === "explicit" ? { metric: "rmse", better: "lower" } : { metric: "ndcg@10", better: "higher" },
    encoder: ratingsEncoder,
    restoredEncoder: (_, data, encoding) => restoredRatingsEncoder(data, encoding as RatingsEncoding),
    model: (config, encoding) => factorisation(config, encoding as RatingsEncoding),
  };
}

function factorisation(config: Config, { users, items, meanRating }: RatingsEncoding): Model {
  const isExplicit = config.feedback === "explicit";
  const candidates = candidateItems(items.length);
  const places = new Map(Array.from(candidates, (item, place) => [item, place]));
  const column = (values: Int32Array): Feed => ({ type: "int32", shape: [values.length], values });

  /** The parts of the scores of pairs, and the mean of the squares that are penalised. */
  const pairs = (tf: Tf, weights: tfjs.Tensor[], user: tfjs.Tensor, item: tfjs.Tensor) => {
    const [userVectors, itemVectors, userBiases, itemBiases] = weights;
    const [userVector, itemVector] = [tf.gather(userVectors!, user), tf.gather(itemVectors!, item)];
    const [userBias, itemBias] = [tf.gather(userBiases!, user), tf.gather(itemBiases!, item)];
    const vectors = tf.sum(tf.add(tf.square(userVector), tf.square(itemVector)), 1, true);
    const biases = tf.add(tf.square(userBias), tf.square(tf.sub(itemBias, meanRating)));
    return {
      product: tf.sum(tf.mul(userVector, itemVector), 1, true),
      bias: tf.add(userBias, itemBias),
      squares: tf.mean(tf.add(vectors, biases)),
    };
  };

  const ofExample = (outputs: Float32Array, { count, columns }: Examples, i: number) => {
    const [width, bytes] = [outputs.length / count, columns.seen!.length / count];
    return {
      own: outputs[i * width]!,
      scores: outputs.subarray(i * width + 1, (i + 1) * width),
      seen: columns.seen!.subarray(i * bytes, (i + 1) * bytes) as Uint8Array,
    };
  };

  return {
    parameters: [
      // Users start at 0, which leaves user 0, who is anyone never seen, with the items' biases alone.
      { name: "user/vectors", shape: [users.length + 1, config.factors], initialiser: { kind: "zeros" } },
      {
        name: "item/vectors",
        shape: [items.length + 1, config.factors],
        initialiser: { kind: "normal", scale: 1 / Math.sqrt(config.factors) },
      },
      { name: "user/biases", shape: [users.length + 1, 1], initialiser: { kind: "zeros" } },
      { name: "item/biases", shape: [items.length + 1, 1], initialiser: { kind: "constant", value: meanRating } },
    ],
    trainingFeeds({ count, columns }, random) {
      if (isExplicit) {
        const rating: Feed = { type: "float32", shape: [count], values: columns.rating as Float32Array };
        return [column(columns.user as Int32Array), column(columns.item as Int32Array), rating];
      }
      // Each event, then the same user with as many drawn items.
      const width = 1 + config.negatives;
      const user = Int32Array.from({ length: count * width }, (_, i) => columns.user![Math.floor(i / width)]!);
      const item = Int32Array.from({ length: count * width }, (_, i) =>
        i % width === 0 ? columns.item![i / width]! : 1 + random.below(items.length, i),
      );
      const happened = Float32Array.from({ length: count * width }, (_, i) => (i % width === 0 ? 1 : 0));
      return [column(user), column(item), { type: "float32", shape: [count * width], values: happened }];
    },
    loss(tf, weights, [user, item, target]) {
      const { product, bias, squares } = pairs(tf, weights, user!, item!);
      const scores = tf.squeeze(tf.add(product, bias), [1]);
      const error = isExplicit
        ? tf.mean(tf.square(tf.sub(scores, target!)))
        : tf.losses.sigmoidCrossEntropy(target!, scores);
      return tf.add(error, tf.mul(squares, config.regularisation));
    },
    outputFeeds: ({ columns }) => [column(columns.user as Int32Array), column(columns.item as Int32Array)],
    /** For each example the score of its own item, then those of all candidates. */
    outputs(tf, weights, [user, item]) {
      const [userVectors, itemVectors, userBiases, itemBiases] = weights as tfjs.Tensor2D[];
      const { product, bias } = pairs(tf, weights, user!, item!);
      // Item 0 was never seen, so only the biases say something of it.
      const isKnown = tf.reshape(tf.cast(tf.minimum(item!, 1), "float32"), [-1, 1]);
      const own = tf.add(tf.mul(product, isKnown), bias);
      const products = tf.matMul(tf.gather(userVectors!, user!), tf.gather(itemVectors!, candidates), false, true);
      const biases = tf.add(tf.gather(userBiases!, user!), tf.transpose(tf.gather(itemBiases!, candidates)));
      return tf.concat([own, tf.add(products, biases)], 1);
    },
    score(outputs, examples) {
      const { count, columns } = examples;
      const sums = { examples: count, squaredError: 0, ranked: 0, hits: 0, gain: 0 };
      for (let i = 0; i < count; i++) {
        const { own, scores, seen } = ofExample(outputs, examples, i);
        if (isExplicit) sums.squaredError += square(own - columns.rating![i]!);
        // Liked: better than the mean rating.
        if (isExplicit && columns.rating![i]! <= meanRating) continue;
        sums.ranked++;
        // Nobody can be recommended an item that was never seen.
        if (columns.item![i] === 0) continue;
        const { hits, gain } = gains(rankOf(own, scores, seen, places.get(columns.item![i]!) ?? -1));
        sums.hits += hits;
        sums.gain += gain;
      }
      return sums;
    },
    metrics({ examples, squaredError, ranked, hits, gain }) {
      const ranking = { "recall@10": hits! / Math.max(1, ranked!), "ndcg@10": gain! / Math.max(1, ranked!) };
      return isExplicit ? { rmse: Math.sqrt(squaredError! / examples!), ...ranking } : ranking;
    },
    answers: (outputs, examples) =>
      Array.from({ length: examples.count }, (_, i) => {
        const { own, scores, seen } = ofExample(outputs, examples, i);
        const isWhole = items.length <= candidateLimit;
        const recommended = topPlaces(scores, seen).map((place) => ({
          item: items[candidates[place]! - 1],
          score: rounded(scores[place]!),
        }));
        return {
          ...(examples.columns.item![i] !== 0 && { score: rounded(own) }),
          ...(isWhole && { recommended }),
          ...(examples.columns.user![i] === 0 && {
            note: "This user has no training examples: answered by the items' means.",
          }),
        };
      }),
    layers: (tf) => factorisationLayers(tf, users.length + 1, items.length + 1, config.factors),
  };
}
