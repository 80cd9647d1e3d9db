import type { Codec } from "../job/document.ts";
import type { Random } from "../training/random.ts";
import { bf16 } from "./bf16.ts";
import { fp32 } from "./fp32.ts";
import { int8 } from "./int8.ts";

export { roundToBf16 } from "./bf16.ts";
export { TrainingDiverged } from "./diverged.ts";

/**
 * How a slice of the flat weights travels. The bytes are the same on every machine: they come from integer arithmetic and
 * exact powers of two. Like safetensors.ts it needs a little-endian machine, as all that Node runs on today are.
 */
export interface ValueCodec {
  /** Bytes that `count` values take, whatever the values are: the layout of objects is planned beforehand. */
  encodedBytes(count: number): number;
  /**
   * `random` decides roundings, one draw for each position; the same generator must not serve two slices.
   * Throws `TrainingDiverged` for NaN, infinities, and magnitudes of 2^127 and more.
   */
  encode(values: Float32Array, random: Random): Uint8Array;
  /** The `count` values that stand in `bytes`, in memory of their own. */
  decode(bytes: Uint8Array, count: number): Float32Array;
}

export const codecs: Readonly<Record<Codec, ValueCodec>> = { fp32, bf16, int8 };
