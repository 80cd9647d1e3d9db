import type { Random } from "../training/random.ts";
import { finiteBits } from "./diverged.ts";
import { withNoise } from "./noise.ts";

/** bfloat16, little-endian: the upper half of a float32, so 8 significant bits and the whole range of exponents. */
export const bf16 = {
  encodedBytes: (count: number): number => 2 * count,

  /**
   * Stochastic rounding: up or down with the odds that make the mean exact, so that what many workers and rounds lose in
   * rounding cancels out instead of adding up. Noise below the kept bits, then truncation, does just that.
   */
  encode(values: Float32Array, random: Random): Uint8Array {
    const bits = finiteBits(values);
    const halves = new Uint16Array(values.length);
    withNoise(random, values.length, (noise, from, to) => {
      for (let i = from; i < to; i++) halves[i] = (bits[i]! + noise[i - from]!) >>> 16;
    });
    return new Uint8Array(halves.buffer);
  },

  decode(bytes: Uint8Array, count: number): Float32Array {
    const halves = new Uint16Array(count);
    new Uint8Array(halves.buffer).set(bytes.subarray(0, 2 * count));
    const bits = new Uint32Array(count);
    for (let i = 0; i < count; i++) bits[i] = halves[i]! << 16;
    return new Float32Array(bits.buffer);
  },
};

/**
 * The nearest bf16 of each value, the even one of two as near: for models on their way to the workers, which all must
 * start from the same weights and get no mean to cancel errors in. `bf16.decode` reads it.
 */
export function roundToBf16(values: Float32Array): Uint8Array {
  const bits = finiteBits(values);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    halves[i] = (bits[i]! + 0x7fff + ((bits[i]! >>> 16) & 1)) >>> 16;
  }
  return new Uint8Array(halves.buffer);
}
