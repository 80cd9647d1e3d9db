/** Where a dataset lies in the store. `protocol/keys.ts` has the same first segment. */
export const datasetKeys = {
  manifest: (hash: string) => `datasets/${hash}/manifest.json`,
  shards: (hash: string) => `datasets/${hash}/shards/`,
  /** Numbers go through the shards of `train`, then through those of `heldOut`. */
  shard: (hash: string, number: number) => `datasets/${hash}/shards/${String(number).padStart(5, "0")}.safetensors`,
} as const;
