import { BadRow, UserError } from "../errors.ts";
import { canonicalJson, sha256 } from "../hash.ts";
import type { DataSection } from "../job/document.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { BadRows } from "./bad-rows.ts";
import { concurrently } from "./concurrently.ts";
import type { SplitName } from "./dataset.ts";
import { datasetKeys } from "./keys.ts";
import { isBroken } from "./readers/reader.ts";
import { openSource, type Source } from "./source.ts";
import { type SplitOf, splitByFraction, splitByTime } from "./split.ts";
import { SplitWriter } from "./split-writer.ts";
import type { Column, DatasetManifest, Encoder, Row, ShardInfo, SplitInfo } from "./types.ts";

const defaultShardBytes = 8 * 2 ** 20;
const putsAtOnce = 4;

export interface DatasetProgress {
  readonly stage: "reading" | "encoding" | "storing";
  /** Rows; shards when storing. */
  readonly done: number;
  /** Left out where it is not known, as in the first pass over the rows. */
  readonly total?: number;
}

export interface CreateDatasetOptions {
  readonly data: DataSection;
  /** The job file's folder, where relative names start. */
  readonly folder: string;
  readonly encoder: Encoder;
  /** The job's: it decides what is held out by `fraction`, and how rows are mixed. */
  readonly seed: number;
  readonly store: ObjectStore;
  /** About how large a shard is. Default 8 MiB: a task fetches one or two. */
  readonly shardBytes?: number;
  readonly onProgress?: (progress: DatasetProgress) => void;
  /** Told about the first few rows that `data.onBadRow: skip` leaves out. */
  readonly onBadRow?: (message: string) => void;
}

export interface CreatedDataset {
  readonly hash: string;
  readonly manifest: DatasetManifest;
  /** True when the store had the dataset, so that nothing was written. */
  readonly reused: boolean;
}

/**
 * Reads, splits, encodes and stores a dataset, in bounded memory: two passes over the files (three for `newest`), then
 * shards of mixed rows. The same rows, configuration and seed give the same objects and so the same hash; a dataset that is
 * stored already is not written again. The manifest is written last, so what has one is whole.
 * Throws `UserError` for missing or unreadable files, bad rows (unless they are skipped), and splits without rows.
 */
export async function createDataset(options: CreateDatasetOptions): Promise<CreatedDataset> {
  const { data, encoder } = options;
  const badRows = new BadRows(data, options.onBadRow ?? (() => {}));
  const parts = await openParts(options, badRows);

  const observed = new Counter(options, "reading");
  await eachRow(parts, badRows, observed, (row, split) => encoder.observe(row, split));
  requireRows(data, observed, badRows);

  const columns = encoder.finish();
  const shardBytes = options.shardBytes ?? defaultShardBytes;
  using train = new SplitWriter(columns.train, { rows: observed.train, shardBytes, mixSeed: options.seed });
  using heldOut = new SplitWriter(columns.heldOut, { rows: observed.heldOut, shardBytes });
  const encoded = new Counter(options, "encoding", observed.rows);
  await eachRow(parts, badRows, encoded, (row, split) => {
    (split === "train" ? train : heldOut).add(encoder.encode(row, split));
  });
  requireRows(data, encoded, badRows);

  const manifest: DatasetManifest = {
    version: 1,
    train: describe(columns.train, train),
    heldOut: describe(columns.heldOut, heldOut),
    encoding: encoder.describe(),
    skippedRows: badRows.count,
  };
  return await store(options, manifest, [...train.encoders(), ...heldOut.encoders()]);
}

/** A source, the split that its rows belong to, and the numbers of those that cannot be used. */
interface Part {
  readonly source: Source;
  readonly splitOf: SplitOf;
  readonly skipped: Set<number>;
  /** How many records the first pass found. */
  records: number | undefined;
}

async function openParts({ data, folder, seed }: CreateDatasetOptions, badRows: BadRows): Promise<Part[]> {
  const train = openSource(data.train, "data.train", data, folder);
  const skipped = new Set<number>();
  const { heldOut } = data;
  if (typeof heldOut === "object" && "fraction" in heldOut) {
    return [{ source: train, splitOf: splitByFraction(heldOut.fraction, seed), skipped, records: undefined }];
  }
  if (typeof heldOut === "object" && "newest" in heldOut) {
    const splitOf = await splitByTime(train, heldOut.newest, data.columns, (record, row, problem) => {
      skipped.add(record);
      badRows.reject(train, row, problem);
    });
    return [{ source: train, splitOf, skipped, records: undefined }];
  }
  const other = openSource(heldOut, "data.heldOut", data, folder);
  return [
    { source: train, splitOf: () => "train", skipped, records: undefined },
    { source: other, splitOf: () => "heldOut", skipped: new Set(), records: undefined },
  ];
}

async function eachRow(
  parts: readonly Part[],
  badRows: BadRows,
  counter: Counter,
  use: (row: Row, split: SplitName) => void,
): Promise<void> {
  for (const part of parts) {
    const { source, splitOf, skipped } = part;
    let record = -1;
    for await (const batch of source.rows()) {
      if (record + batch.length >= (part.records ?? Number.POSITIVE_INFINITY)) throw changed(source);
      for (const row of batch) {
        record++;
        if (skipped.has(record)) continue;
        try {
          if (isBroken(row)) throw new BadRow(row.problem);
          const split = splitOf(record);
          use(row, split);
          counter[split]++;
        } catch (error) {
          if (!(error instanceof BadRow)) throw error;
          skipped.add(record);
          badRows.reject(source, row, error.message);
        }
      }
      counter.tell();
    }
    part.records ??= record + 1;
    if (part.records !== record + 1) throw changed(source);
  }
}

function changed({ argument }: Source): UserError {
  return new UserError(`The files of ${argument} changed while they were read. Run again when they are complete.`, 3);
}

/** Rows of each split so far. */
class Counter {
  train = 0;
  heldOut = 0;
  readonly #options: CreateDatasetOptions;
  readonly #stage: DatasetProgress["stage"];
  readonly #total: number | undefined;

  constructor(options: CreateDatasetOptions, stage: DatasetProgress["stage"], total?: number) {
    this.#options = options;
    this.#stage = stage;
    this.#total = total;
  }

  get rows(): number {
    return this.train + this.heldOut;
  }

  tell(): void {
    const total = this.#total;
    this.#options.onProgress?.({ stage: this.#stage, done: this.rows, ...(total !== undefined && { total }) });
  }
}

/** Names a source by its first file. */
function firstOf(files: DataSection["train"]): string {
  const [first] = [typeof files === "object" && "images" in files ? files.images : files].flat();
  return first!;
}

function requireRows(data: DataSection, { train, heldOut, rows }: Counter, badRows: BadRows): void {
  if (train > 0 && heldOut > 0) return;
  const skipped = badRows.count > 0 ? ` that can be used (${badRows.count} were left out as bad)` : "";
  const part = data.heldOut;
  const noRows = (argument: string, files: DataSection["train"]) =>
    new UserError(`${argument} (${firstOf(files)}) has no rows${skipped}. Is it the right file?`);
  if (rows === 0) throw noRows("data.train", data.train);
  if (typeof part !== "object" || !("fraction" in part || "newest" in part))
    throw train === 0 ? noRows("data.train", data.train) : noRows("data.heldOut", part);
  const rule = "fraction" in part ? `fraction: ${part.fraction}` : `newest: ${part.newest}`;
  throw new UserError(
    `data.heldOut: of ${rows} rows${skipped} \`${rule}\` ${train === 0 ? "leaves none to train on" : "holds none out"}. ` +
      `Make it ${train === 0 ? "smaller" : "larger"}, give more rows, or name a file of held-out rows.`,
  );
}

function describe(columns: readonly Column[], writer: SplitWriter): SplitInfo {
  const shards = writer.encoders().map(({ examples, encode }): ShardInfo => {
    const bytes = encode();
    return { sha256: sha256(bytes), examples, sizeBytes: bytes.length };
  });
  return { columns, examples: shards.reduce((sum, shard) => sum + shard.examples, 0), shards };
}

async function store(
  { store, onProgress }: CreateDatasetOptions,
  manifest: DatasetManifest,
  shards: readonly { readonly encode: () => Uint8Array }[],
): Promise<CreatedDataset> {
  const body = Buffer.from(canonicalJson(manifest));
  const hash = sha256(body);
  if (await store.head(datasetKeys.manifest(hash))) return { hash, manifest, reused: true };
  const stored = new Set((await store.list(datasetKeys.shards(hash))).map(({ key }) => key));
  const missing = shards
    .map(({ encode }, number) => ({ key: datasetKeys.shard(hash, number), encode }))
    .filter(({ key }) => !stored.has(key));
  let done = stored.size;
  await concurrently(missing, putsAtOnce, async ({ key, encode }) => {
    await store.putIfAbsent(key, encode());
    onProgress?.({ stage: "storing", done: ++done, total: shards.length });
  });
  await store.putIfAbsent(datasetKeys.manifest(hash), body);
  return { hash, manifest, reused: false };
}
