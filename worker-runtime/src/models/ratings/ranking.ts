import { Random } from "../../training/random.ts";

/**
 * How well a recommender ranks. For each held-out event that the user liked, all items that the user has no training
 * event with are ranked by the model's scores, and the event's own item should come near the top (leave-one-out, full ranking).
 * A large catalogue is judged on a random part of it, the same for all events: that is easier than the whole, so such figures compare
 * only with each other (Krichene and Rendle, "On sampled metrics for item recommendation", KDD 2020).
 */

/** How many items are ranked at most: a bit of each goes with every held-out event, 1 KiB. */
export const candidateLimit = 8192;
const top = 10;

/** The items that are ranked, by number: all of a catalogue (numbers 1 to `items`) up to the limit, else a drawn part. */
export function candidateItems(items: number): Int32Array {
  const all = Int32Array.from({ length: items }, (_, i) => i + 1);
  if (items <= candidateLimit) return all;
  const drawn = new Random(0, "candidates").permutation(items).subarray(0, candidateLimit);
  return drawn.map((place) => all[place]!).sort();
}

/** Whether the bit of a candidate is set in `seen`. */
export function isSeen(seen: Uint8Array, place: number): boolean {
  return (seen[place >> 3]! & (1 << (place & 7))) !== 0;
}

/**
 * The rank, from 1, of an item of score `own` among the candidates that are not seen. `itself` is the item's own place
 * among them, or -1. Of equal scores the others come first, so that a model without an opinion gets nothing for it.
 */
export function rankOf(own: number, scores: Float32Array, seen: Uint8Array, itself: number): number {
  let rank = 1;
  for (let place = 0; place < scores.length; place++) {
    if (!(scores[place]! < own) && place !== itself && !isSeen(seen, place)) rank++;
  }
  return rank;
}

/** What one ranked event adds to recall@10 and to NDCG@10, where an ideal ranking has 1 for both. */
export function gains(rank: number): { hits: number; gain: number } {
  return rank > top ? { hits: 0, gain: 0 } : { hits: 1, gain: 1 / Math.log2(rank + 1) };
}

/** The places of the ten highest scores that are not seen, the highest first. */
export function topPlaces(scores: Float32Array, seen: Uint8Array): number[] {
  const places = Array.from(scores.keys()).filter((place) => !isSeen(seen, place));
  return places.sort((a, b) => scores[b]! - scores[a]! || a - b).slice(0, top);
}
