import { finiteBits } from "./diverged.ts";

/** Float32, little-endian, as it lies in memory. Nothing is lost. */
export const fp32 = {
  encodedBytes: (count: number): number => 4 * count,

  encode(values: Float32Array): Uint8Array {
    return new Uint8Array(finiteBits(values).slice().buffer);
  },

  decode(bytes: Uint8Array, count: number): Float32Array {
    const values = new Float32Array(count);
    new Uint8Array(values.buffer).set(bytes.subarray(0, 4 * count));
    return values;
  },
};
