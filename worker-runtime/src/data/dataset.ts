import type { DatasetManifest, Examples } from "./types.ts";

export type SplitName = "train" | "heldOut";

/** A stored dataset, opened for reading. Shards are fetched when needed, checked against their hash, and kept while in use. */
export interface Dataset {
  readonly hash: string;
  readonly manifest: DatasetManifest;
  /**
   * Fetches what `positions` (0 to examples - 1, in any order, repeats allowed) need. The answer's `batch(from, to)` gives
   * the examples of `positions[from..to)`, without waiting; its arrays are the caller's until the next `batch`.
   */
  load(split: SplitName, positions: Float64Array): Promise<{ batch(from: number, to: number): Examples }>;
}
