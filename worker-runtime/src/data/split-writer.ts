import { Random } from "../training/random.ts";
import { exampleBytes } from "./column-block.ts";
import { ShardSpill } from "./shard-spill.ts";
import type { Column } from "./types.ts";

/** Examples that wait in memory for their shard to fill, for each split. */
const memoryBytes = 2 ** 24;

/**
 * Cuts the examples of one split into shards of nearly equal size. With a `mixSeed` they are mixed: whatever order they
 * come in, each shard has a fair share of every stretch of them. Without, each shard is a stretch.
 */
export class SplitWriter {
  readonly #spill: ShardSpill;
  readonly #shards: number;
  readonly #shardOf: (example: number) => number;
  #added = 0;

  /** `rows`: how many examples there are going to be, at most. */
  constructor(
    columns: readonly Column[],
    { rows, shardBytes, mixSeed }: { rows: number; shardBytes: number; mixSeed?: number },
  ) {
    this.#shards = Math.max(1, Math.min(rows, Math.round((rows * exampleBytes(columns)) / shardBytes)));
    const shardExamples = Math.ceil(rows / this.#shards);
    const mixed = mixSeed !== undefined;
    this.#shardOf = mixed ? dealer(rows, this.#shards, mixSeed) : (example) => Math.floor(example / shardExamples);
    this.#spill = new ShardSpill(columns, this.#shards, {
      shardExamples,
      filledAtOnce: mixed ? this.#shards : 1,
      memoryBytes,
    });
  }

  /** Throws `BadRow`, with nothing added, when a value does not fit its column. */
  add(example: Readonly<Record<string, ArrayLike<number>>>): void {
    this.#spill.add(this.#shardOf(this.#added), example);
    this.#added++;
  }

  /** The shards that have examples. `encode` makes the bytes anew each time, so that they need not all be kept. */
  encoders(): { readonly examples: number; readonly encode: () => Uint8Array }[] {
    const numbers = Array.from({ length: this.#shards }, (_, shard) => shard);
    return numbers
      .map((shard) => ({ examples: this.#spill.examples(shard), encode: () => this.#spill.encode(shard) }))
      .filter(({ examples }) => examples > 0);
  }

  [Symbol.dispose](): void {
    this.#spill.close();
  }
}

/** Deals examples to shards like cards: each hand of consecutive examples goes round in random order, to all alike. */
function dealer(rows: number, shards: number, seed: number): (example: number) => number {
  const random = new Random(seed).derive("shards");
  const fullHand = shards * Math.ceil(1024 / shards);
  let hand = -1;
  let order: Int32Array = new Int32Array();
  return (example) => {
    if (shards === 1) return 0;
    if (Math.floor(example / fullHand) !== hand) {
      hand = Math.floor(example / fullHand);
      order = random.derive(hand).permutation(Math.min(fullHand, rows - hand * fullHand));
    }
    return order[example % fullHand]! % shards;
  };
}
