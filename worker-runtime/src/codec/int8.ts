import type { Random } from "../training/random.ts";
import { finiteBits } from "./diverged.ts";
import { withNoise } from "./noise.ts";

/** Values that share one scale. */
const blockLength = 32;

/**
 * The format MXINT8 of the OCP Microscaling specification 1.0: blocks of 32 integers of 8 bits share a power of two.
 * Scaling by a power of two is exact, so the one rounding is that to an integer, and short blocks keep a large value in
 * one place from blurring small ones elsewhere. Layout: the scale byte of each block, then one signed byte a value;
 * value = integer x 2^(scale byte - 133).
 */
export const int8 = {
  encodedBytes: (count: number): number => blockCount(count) + count,

  /** Stochastic rounding, whose mean is exact; integers run from -127 to 127. */
  encode(values: Float32Array, random: Random): Uint8Array {
    const bits = finiteBits(values);
    const bytes = new Uint8Array(int8.encodedBytes(values.length));
    const integers = new Int8Array(bytes.buffer, blockCount(values.length));
    withNoise(random, values.length, (noise, from, to) => {
      for (let start = from; start < to; start += blockLength) {
        const end = Math.min(start + blockLength, to);
        const scaleByte = scaleByteOf(bits, start, end);
        const perUnit = 2 ** (133 - scaleByte);
        for (let i = start; i < end; i++) {
          // Noise from 2^-17 to 1 - 2^-17 in steps of 2^-16: whole numbers stay as they are, in every draw.
          integers[i] = Math.floor(values[i]! * perUnit + (noise[i - from]! + 0.5) * 2 ** -16);
        }
        bytes[start / blockLength] = scaleByte;
      }
    });
    return bytes;
  },

  decode(bytes: Uint8Array, count: number): Float32Array {
    const integers = new Int8Array(bytes.buffer, bytes.byteOffset + blockCount(count), count);
    const values = new Float32Array(count);
    for (let start = 0; start < count; start += blockLength) {
      const unit = 2 ** (bytes[start / blockLength]! - 133);
      const end = Math.min(start + blockLength, count);
      for (let i = start; i < end; i++) values[i] = integers[i]! * unit;
    }
    return values;
  },
};

function blockCount(count: number): number {
  return Math.ceil(count / blockLength);
}

/** The smallest scale at which the block's largest magnitude is at most 127. */
function scaleByteOf(bits: Uint32Array, start: number, end: number): number {
  let largest = 0;
  for (let i = start; i < end; i++) largest = Math.max(largest, bits[i]! & 0x7fffffff);
  // A float's exponent makes it 64 to 128 units; one that is above 127 units carries into the next exponent here.
  return (largest + 0x1ffff) >>> 23;
}
