/** Types of stored columns. Pixels stay uint8 in storage; a model's inputs are float32 or int32. */
export type ColumnType = "float32" | "int32" | "uint8";
export type ColumnValues = Float32Array | Int32Array | Uint8Array;

/** One column of a dataset: `shape` is that of one example, [] for a single number. */
export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly shape: readonly number[];
}

/** Examples side by side: for each column the values of `count` examples, one after the other. */
export interface Examples {
  readonly count: number;
  readonly columns: Readonly<Record<string, ColumnValues>>;
}

/** A picture, as the readers of IDX and of image folders give it in `values.image`: from the top left, channels last, 0 to 255. */
export interface Image {
  /** Height, width, channels (1, 3 or 4). */
  readonly shape: readonly [number, number, number];
  readonly pixels: Uint8Array;
}

/** One record as a reader found it, with the place that an error names. */
export interface Row {
  readonly values: Readonly<Record<string, unknown>>;
  readonly file: string;
  /** 1-based line (CSV, JSONL) or record number (Parquet, IDX). */
  readonly line: number;
}

/** An immutable shard: a safetensors object, named by the SHA-256 of its bytes. */
export interface ShardInfo {
  readonly sha256: string;
  readonly examples: number;
  readonly sizeBytes: number;
}

/** A part of a dataset: the rows that train, or those that are held out. */
export interface SplitInfo {
  readonly columns: readonly Column[];
  readonly examples: number;
  readonly shards: readonly ShardInfo[];
}

/** `datasets/<hash>/manifest.json`; the hash is the SHA-256 of this document's canonical JSON. */
export interface DatasetManifest {
  readonly version: 1;
  readonly train: SplitInfo;
  readonly heldOut: SplitInfo;
  /** What the encoder learned from the rows and prediction needs: labels, ids, weights of n-grams. */
  readonly encoding: unknown;
  /** Rows that were left out because `onBadRow` is "skip". */
  readonly skippedRows: number;
}

/**
 * Turns rows into examples. Made anew for each dataset by the model kind.
 * `observe` sees every row once, in file order, before the first `encode`; `split` says whether the row trains.
 * Both throw `BadRow` for a row that cannot be used.
 */
export interface Encoder {
  observe(row: Row, split: "train" | "heldOut"): void;
  /** Called once between the two passes: the columns of both splits. */
  finish(): { readonly train: readonly Column[]; readonly heldOut: readonly Column[] };
  /** One value array per column of the row's split, each of that column's length. */
  encode(row: Row, split: "train" | "heldOut"): Readonly<Record<string, ArrayLike<number>>>;
  /** JSON that `encoding` of the manifest keeps. */
  describe(): unknown;
}
