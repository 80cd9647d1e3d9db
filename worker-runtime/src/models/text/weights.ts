/**
 * How much each feature weighs in a text, learned from the training texts: its inverse document frequency, times how
 * much more often it occurs under one label than under the others (the log-count ratio of Wang and Manning, "Baselines
 * and bigrams", ACL 2012; for more than two labels the largest of the ratios). A feature that was never seen weighs 0.
 */
export class FeatureStatistics {
  readonly #buckets: number;
  /** For each label how many texts have each bucket, and how many texts there are. */
  readonly #counts: { texts: number; having: Uint32Array }[] = [];

  constructor(buckets: number) {
    this.#buckets = buckets;
  }

  observe(label: number, buckets: Iterable<number>): void {
    this.#counts[label] ??= { texts: 0, having: new Uint32Array(this.#buckets) };
    const count = this.#counts[label];
    count.texts++;
    for (const bucket of buckets) count.having[bucket]!++;
  }

  weights(): Float32Array {
    const texts = this.#counts.reduce((sum, count) => sum + count.texts, 0);
    return Float32Array.from({ length: this.#buckets }, (_, bucket) => {
      const having = this.#counts.reduce((sum, count) => sum + count.having[bucket]!, 0);
      if (having === 0) return 0;
      const ratios = this.#counts.map((count) => {
        const own = logShare(count.having[bucket]!, count.texts);
        return Math.abs(own - logShare(having - count.having[bucket]!, texts - count.texts));
      });
      const inverseFrequency = 1 + Math.log((1 + texts) / (1 + having));
      return inverseFrequency * Math.max(...ratios);
    });
  }
}

/** Half a text more on either side keeps the logarithm from infinity, and rare features from seeming sure. */
function logShare(having: number, texts: number): number {
  return Math.log((having + 0.5) / (texts + 1));
}

/**
 * The weights of one text's features: (1 + log count) times the feature's weight, scaled to length 1, so that long texts
 * do not count for more. Features that weigh nothing are left out; a text with more than `limit` keeps the first.
 */
export function weighFeatures(
  counts: ReadonlyMap<number, number>,
  weights: Float32Array,
  limit: number,
): { buckets: number[]; values: number[] } {
  const buckets = [...counts.keys()].filter((bucket) => weights[bucket] !== 0).slice(0, limit);
  const values = buckets.map((bucket) => (1 + Math.log(counts.get(bucket)!)) * weights[bucket]!);
  const length = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  return { buckets, values: values.map((value) => value / length) };
}
