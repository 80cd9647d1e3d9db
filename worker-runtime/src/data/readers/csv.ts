import { CsvError, type Options, Parser } from "csv-parse";
import { UserError } from "../../errors.ts";
import type { ReadOptions, ReadRow, RowBatches, TextReader } from "./reader.ts";

const recordLimitBytes = 16 * 2 ** 20;

/** Comma-separated values (RFC 4180). A quote inside an unquoted field is a character like any other. */
export const readCsv: TextReader = (bytes, file, options) =>
  readSeparated(bytes, file, options, { delimiter: ",", relax_quotes: true });

/** Tab-separated values as IANA defines them: there are no quotes, so a field holds neither tab nor line end. */
export const readTsv: TextReader = (bytes, file, options) =>
  readSeparated(bytes, file, options, { delimiter: "\t", quote: null });

async function* readSeparated(
  bytes: AsyncIterable<Uint8Array>,
  file: string,
  options: ReadOptions,
  dialect: Options,
): RowBatches {
  const parser = new Parser({
    bom: true,
    record_delimiter: ["\r\n", "\n", "\r"],
    relax_column_count: true,
    max_record_size: recordLimitBytes,
    ...dialect,
  });
  const toRows = new RowMaker(file, options);
  // Told once more by the loop at the end, which waits for it.
  parser.on("error", () => {});
  try {
    for await (const chunk of bytes) {
      // What is written is parsed at once as long as no parsed records wait; the loop takes them all.
      parser.write(chunk);
      const batch: ReadRow[] = [];
      for (let record = parser.read(); record !== null; record = parser.read()) toRows.add(record, batch);
      yield batch;
      if (parser.errored) break;
    }
    parser.end();
    const batch: ReadRow[] = [];
    for await (const record of parser) toRows.add(record, batch);
    yield batch;
  } catch (error) {
    throw explained(error, file, toRows.line);
  }
}

/** Gives records their names and lines. */
class RowMaker {
  /** Where the next record starts. */
  line = 1;
  readonly #file: string;
  readonly #options: ReadOptions;
  #names: string[] | undefined;

  constructor(file: string, options: ReadOptions) {
    this.#file = file;
    this.#options = options;
  }

  add(record: string[], batch: ReadRow[]): void {
    const line = this.line;
    // csv-parse's own count of lines takes a CRLF inside quotes for two.
    this.line += 1 + lineEndsIn(record);
    if (record.length === 1 && record[0] === "") return;
    if (this.#names === undefined && this.#options.header) {
      this.#names = this.#checkedHeader(record, line);
      return;
    }
    this.#names ??= record.map((_, index) => String(index));
    batch.push(this.#row(record, this.#names, line));
  }

  #row(record: string[], names: string[], line: number): ReadRow {
    if (record.length !== names.length) {
      const due = this.#options.header ? "the header" : "the first line";
      const problem = `${record.length} ${record.length === 1 ? "field" : "fields"} where ${due} has ${names.length}`;
      return { file: this.#file, line, problem };
    }
    const values: Record<string, string> = {};
    for (let i = 0; i < names.length; i++) values[names[i]!] = record[i]!;
    for (const number of this.#options.numbered) if (number < record.length) values[number] = record[number]!;
    return { values, file: this.#file, line };
  }

  #checkedHeader(names: string[], line: number): string[] {
    const twice = names.find((name, index) => name !== "" && names.indexOf(name) !== index);
    if (twice !== undefined) {
      throw new UserError(`${this.#file}:${line}: two columns are called "${twice}". Rename one of them.`);
    }
    return names;
  }
}

function lineEndsIn(record: string[]): number {
  let count = 0;
  for (const field of record) {
    if (field.includes("\n") || field.includes("\r")) count += field.match(/\r\n|\n|\r/g)!.length;
  }
  return count;
}

function explained(error: unknown, file: string, line: number): unknown {
  if (!(error instanceof CsvError)) return error;
  const problem =
    error.code === "CSV_QUOTE_NOT_CLOSED"
      ? "the record has a quote that is never closed"
      : error.code === "CSV_MAX_RECORD_SIZE"
        ? `the record is longer than ${recordLimitBytes / 2 ** 20} MiB; a quote may be left open`
        : error.message;
  return new UserError(`${file}:${line}: ${problem}. Where the records behind it start cannot be told.`);
}
