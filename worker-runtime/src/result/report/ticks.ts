/** Round numbers (1, 2 or 5 times a power of ten apart) from `low` to `high`, about `wanted` of them. */
export function ticks(low: number, high: number, wanted: number, leastStep = 0): number[] {
  const rough = Math.max((high - low) / wanted, leastStep, Number.MIN_VALUE);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough * 0.999) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  // Dividing by a power of ten gives the nearest double of 0.3, where multiplying by 0.1 does not.
  return Array.from({ length: last - first + 1 }, (_, i) => (step < 1 ? (first + i) / (1 / step) : (first + i) * step));
}

/** At most `limit` of `items`, evenly spread, with the first and the last. */
export function thinned<T>(items: readonly T[], limit: number): readonly T[] {
  if (items.length <= limit) return items;
  return Array.from({ length: limit }, (_, i) => items[Math.round((i * (items.length - 1)) / (limit - 1))]!);
}
