import { createHash } from "node:crypto";

/**
 * Randomness by counter: every number is a pure function of (seed, path, index), so that a task that runs twice, later
 * or elsewhere draws the same numbers, and nothing has to be carried from one draw to the next.
 *
 * The generator is Philox-4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC'11), the one that
 * TensorFlow, PyTorch and NumPy use. Its key is the first 64 bits of SHA-256 over the seed and the path.
 */
export class Random {
  readonly #path: string;
  /** Both halves, once something was drawn: a step has a generator, and few models draw from it. */
  #key: readonly [number, number] | undefined;

  constructor(seed: number, ...path: readonly (string | number)[]) {
    this.#path = [seed, ...path].join("/");
  }

  #keys(): readonly [number, number] {
    if (this.#key === undefined) {
      const digest = createHash("sha256").update(this.#path).digest();
      this.#key = [digest.readUInt32LE(0), digest.readUInt32LE(4)];
    }
    return this.#key;
  }

  /** A generator of its own for a named purpose: `random.derive("shuffle", epoch)`. */
  derive(...path: readonly (string | number)[]): Random {
    return new Random(0, this.#path, ...path);
  }

  /** A whole number from 0 to 2^32 - 1. `index`: 0 to 2^53. */
  uint32(index: number): number {
    const [key0, key1] = this.#keys();
    philox(Math.floor(index / 4), key0, key1, word, 0);
    return word[index % 4]!;
  }

  /**
   * Sets `target` to the numbers that `uint32` gives from `firstIndex` on, at a quarter of the cost each.
   * `firstIndex` and `target.length` are multiples of 4.
   */
  fillUint32(target: Uint32Array, firstIndex: number): void {
    if (firstIndex % 4 !== 0 || target.length % 4 !== 0) throw new RangeError("Not a multiple of 4.");
    const [key0, key1] = this.#keys();
    for (let at = 0; at < target.length; at += 4) philox((firstIndex + at) / 4, key0, key1, target, at);
  }

  /** A number from 0 (included) to 1 (excluded), a multiple of 2^-32. */
  uniform(index: number): number {
    return this.uint32(index) * 2 ** -32;
  }

  /** A whole number from 0 to `bound` - 1; `bound` is at most 2^21, which keeps the bias under 2^-32 x `bound`. */
  below(bound: number, index: number): number {
    return Math.floor(this.uniform(index) * bound);
  }

  /** 0 to `length` - 1 in random order (Fisher-Yates). */
  permutation(length: number): Int32Array {
    const order = Int32Array.from({ length }, (_, i) => i);
    const draws = new Uint32Array(4 * Math.ceil(length / 2));
    this.fillUint32(draws, 0);
    for (let i = length - 1; i > 0; i--) {
      // 53 bits, so that long permutations are not biased: two draws for each place.
      const j = Math.floor((draws[2 * i]! * 2 ** -32 + draws[2 * i + 1]! * 2 ** -64) * (i + 1));
      const kept = order[i]!;
      order[i] = order[j]!;
      order[j] = kept;
    }
    return order;
  }
}

const word = new Uint32Array(4);

/** Ten rounds of Philox over the counter (`block`, 0, 0, 0); its four words go to `target` from `at` on. */
function philox(block: number, key0: number, key1: number, target: Uint32Array, at: number): void {
  let c0 = block | 0;
  let c1 = Math.floor(block / 2 ** 32) | 0;
  let c2 = 0;
  let c3 = 0;
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(0xd2511f53, c0);
    const high1 = multiplyHigh(0xcd9e8d57, c2);
    const low0 = Math.imul(0xd2511f53, c0);
    c0 = high1 ^ c1 ^ key0;
    c1 = Math.imul(0xcd9e8d57, c2);
    c2 = high0 ^ c3 ^ key1;
    c3 = low0;
    key0 = (key0 + 0x9e3779b9) | 0;
    key1 = (key1 + 0xbb67ae85) | 0;
  }
  target[at] = c0;
  target[at + 1] = c1;
  target[at + 2] = c2;
  target[at + 3] = c3;
}

/** The high 32 bits of the 64-bit product of two unsigned 32-bit numbers. In integer operations alone, for speed. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const cross0 = Math.imul(aLow, bHigh);
  const cross1 = Math.imul(aHigh, bLow);
  const middle = (Math.imul(aLow, bLow) >>> 16) + (cross0 & 0xffff) + (cross1 & 0xffff);
  return (Math.imul(aHigh, bHigh) + (cross0 >>> 16) + (cross1 >>> 16) + (middle >>> 16)) | 0;
}
