import type { Random } from "../training/random.ts";

/** How many values share one draw of random bits. */
const chunkLength = 4096;

/**
 * Calls `round(noise, from, to)` for chunks that cover 0 to `count` - 1 in order. `noise[i - from]` holds the 16 random
 * bits of value i: half of the generator's number i / 2 (the lower half for an even i), so they depend on nothing but
 * the position.
 */
export function withNoise(
  random: Random,
  count: number,
  round: (noise: Uint16Array, from: number, to: number) => void,
): void {
  const words = new Uint32Array(chunkLength / 2);
  const noise = new Uint16Array(words.buffer);
  for (let from = 0; from < count; from += chunkLength) {
    random.fillUint32(words, from / 2);
    round(noise, from, Math.min(from + chunkLength, count));
  }
}
