import type { Row } from "../types.ts";

/** A record that a reader could not make a row of, and why: the end of a sentence that starts with its place. */
export interface BrokenRow {
  readonly file: string;
  readonly line: number;
  readonly problem: string;
}

export type ReadRow = Row | BrokenRow;

/** Rows as they come, in batches of whatever size suits the reader, so that nobody waits once per row. */
export type RowBatches = AsyncIterable<readonly ReadRow[]>;

export interface ReadOptions {
  /** CSV and TSV: whether the first line names the columns. */
  readonly header: boolean;
  /** Numbers of columns that are wanted under their number, besides their name. */
  readonly numbered: readonly number[];
}

/** Reads a format that is text or JSON. `file` is what rows and errors call it. Memory stays bounded. */
export type TextReader = (bytes: AsyncIterable<Uint8Array>, file: string, options: ReadOptions) => RowBatches;

export function isBroken(row: ReadRow): row is BrokenRow {
  return "problem" in row;
}

/** Makes a row of a value that was parsed from JSON: an object, or a list whose columns are numbers. */
export function rowOfJson(value: unknown, file: string, line: number): ReadRow {
  if (typeof value === "object" && value !== null) return { values: value as Row["values"], file, line };
  return { file, line, problem: `a record must be an object or a list, this one is ${JSON.stringify(value)}` };
}
