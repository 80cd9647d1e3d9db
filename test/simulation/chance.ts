/**
 * Chance from a seed. Each purpose has a stream of its own, so that a fault that is switched off does not change where the
 * others fall. Mulberry32: a few operations a number, which is good enough for faults (nothing that is trained uses it).
 */
export class Chance {
  readonly #seed: number;
  readonly #states = new Map<string, number>();

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** From 0 (included) to 1. */
  next(purpose: string): number {
    const state = ((this.#states.get(purpose) ?? this.#first(purpose)) + 0x6d2b79f5) | 0;
    this.#states.set(purpose, state);
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  between(purpose: string, low: number, high: number): number {
    return low + this.next(purpose) * (high - low);
  }

  /** A whole number from `low` to `high`, both included. */
  whole(purpose: string, low: number, high: number): number {
    return Math.floor(this.between(purpose, low, high + 1));
  }

  pick<T>(purpose: string, values: readonly T[]): T {
    return values[this.whole(purpose, 0, values.length - 1)]!;
  }

  #first(purpose: string): number {
    let hash = this.#seed ^ 0x811c9dc5;
    for (let i = 0; i < purpose.length; i++) hash = Math.imul(hash ^ purpose.charCodeAt(i), 0x01000193);
    return Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  }
}
