import { createReadStream, statSync } from "node:fs";
import path from "node:path";
import { UserError } from "../../errors.ts";
import type { DataSection } from "../../job/document.ts";
import { readCsv, readTsv } from "./csv.ts";
import { readImages } from "./images.ts";
import { readJson } from "./json.ts";
import { readJsonLines } from "./jsonl.ts";
import { readMovieLens } from "./movielens.ts";
import { readParquet } from "./parquet.ts";
import type { ReadOptions, RowBatches, TextReader } from "./reader.ts";

/** Every format but `idx`, which is a pair of files. */
export type Format = Exclude<DataSection["format"], "auto" | "idx">;

const textReaders = {
  csv: readCsv,
  tsv: readTsv,
  jsonl: readJsonLines,
  json: readJson,
  movielens: readMovieLens,
} satisfies Partial<Record<Format, TextReader>>;

const extensions: Readonly<Record<string, Format>> = {
  ".csv": "csv",
  ".tsv": "tsv",
  ".jsonl": "jsonl",
  ".ndjson": "jsonl",
  ".json": "json",
  ".parquet": "parquet",
  ".dat": "movielens",
};

/** The rows of one read are garbage before the next: few enough that V8's young generation stays small (64 KiB: 100 MB more). */
const readBytes = 2 ** 15;

/** Reads the file or folder at `where`; `file` is what rows and errors call it. */
export function readFormat(format: Format, where: string, file: string, options: ReadOptions): RowBatches {
  if (format === "images") return readImages(where, file);
  if (format === "parquet") return readParquet(where, file);
  return textReaders[format](createReadStream(where, { highWaterMark: readBytes }), file, options);
}

/** The format that the job names, or the one that the file's extension tells; a folder holds images. */
export function formatOf(named: DataSection["format"], where: string, file: string): Format {
  if (named === "idx") {
    throw new UserError(`${file}: IDX is two files. Write \`{ images: ..., labels: ... }\` instead of one name.`);
  }
  const isFolder = statSync(where).isDirectory();
  const format = named === "auto" ? (isFolder ? "images" : extensions[path.extname(where).toLowerCase()]) : named;
  if (format === undefined) throw unknownExtension(path.extname(where), file);
  if (isFolder === (format === "images")) return format;
  throw new UserError(`${file} is a ${isFolder ? "folder" : "file"}, and \`data.format\` is ${format}.`);
}

function unknownExtension(extension: string, file: string): UserError {
  if ([".gz", ".zip", ".bz2", ".zst", ".xz"].includes(extension)) {
    return new UserError(`${file} is compressed. Unpack it first.`);
  }
  return new UserError(
    `${file}: the extension "${extension}" does not tell how it is written. Give \`data.format\`: csv, tsv, jsonl, json, ` +
      "parquet, images or movielens; or `{ images: ..., labels: ... }` for a pair of IDX files.",
  );
}
