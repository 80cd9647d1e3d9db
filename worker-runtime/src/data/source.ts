import { UserError } from "../errors.ts";
import type { DataSection } from "../job/document.ts";
import { findFile } from "./find-file.ts";
import { readIdx } from "./readers/idx.ts";
import { type Format, formatOf, readFormat } from "./readers/index.ts";
import { isBroken, type ReadOptions, type ReadRow, type RowBatches } from "./readers/reader.ts";

/** Where rows come from. It can be read any number of times, and gives the same rows in the same order. */
export interface Source {
  /** What the job calls it: "data.train". */
  readonly argument: string;
  /** Each reading gives every record but those whose values are all empty: they say nothing, like an empty line. */
  rows(): RowBatches;
  /** How an error names a row: "data/train.csv:17" or "reviews.json: record 17". */
  place(row: Pick<ReadRow, "file" | "line">): string;
}

type Files = DataSection["train"];

/**
 * Finds the files of a source and how they are written. Relative names start at `folder`, the job file's.
 * Throws `UserError` for a file that is missing or of an unknown format.
 */
export function openSource(
  files: Files,
  argument: string,
  data: Pick<DataSection, "format" | "header" | "columns">,
  folder: string,
): Source {
  const numbered = Object.values(data.columns).filter((column) => typeof column === "number");
  const options: ReadOptions = { header: data.header, numbered };
  if (typeof files === "object" && "images" in files) return openIdx(files, argument, folder);
  const opened = listOf(files).map((file) => {
    const where = findFile(file, folder, argument);
    return { file, where, format: formatOf(data.format, where, file) };
  });
  const formats = new Map(opened.map(({ file, format }) => [file, format]));
  return {
    argument,
    rows: () =>
      concatenated(
        opened.map(
          ({ file, where, format }) =>
            () =>
              readFormat(format, where, file, options),
        ),
      ),
    place: ({ file, line }) => placeIn(file, line, formats.get(file) ?? "images"),
  };
}

function openIdx(files: Extract<Files, { images: unknown }>, argument: string, folder: string): Source {
  const images = listOf(files.images);
  const labels = listOf(files.labels);
  if (images.length !== labels.length) {
    throw new UserError(`${argument}: ${images.length} files of images and ${labels.length} of labels are no pairs.`);
  }
  const pairs = images.map((file, i) => ({
    file,
    images: findFile(file, folder, `${argument}.images`),
    labels: findFile(labels[i]!, folder, `${argument}.labels`),
  }));
  return {
    argument,
    rows: () => concatenated(pairs.map((pair) => () => readIdx(pair.images, pair.labels, pair.file))),
    place: ({ file, line }) => placeIn(file, line, "parquet"),
  };
}

function placeIn(file: string, line: number, format: Format): string {
  if (format === "images") return file;
  return format === "json" || format === "parquet" ? `${file}: record ${line}` : `${file}:${line}`;
}

async function* concatenated(readings: readonly (() => RowBatches)[]): RowBatches {
  for (const read of readings) {
    for await (const batch of read()) yield batch.filter((row) => isBroken(row) || !isEmpty(row.values));
  }
}

function isEmpty(values: Readonly<Record<string, unknown>>): boolean {
  for (const name in values) {
    const value = values[name];
    if (value !== "" && value !== null && value !== undefined) return false;
  }
  return true;
}

function listOf(files: string | string[]): string[] {
  return typeof files === "string" ? [files] : files;
}
