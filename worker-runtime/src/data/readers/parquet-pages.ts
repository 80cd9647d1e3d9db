import { type AsyncBuffer, type Compressors, type FileMetaData, type PageHeader, parquetSchema } from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";
import { decompressPage } from "hyparquet/src/datapage.js";
import { getMaxDefinitionLevel, getMaxRepetitionLevel, getTreePath } from "hyparquet/src/schema.js";

/** More values of one column in one row group than any writer makes (their defaults: a million), and than memory would hold. */
const mostValues = 2 ** 26;
/** Writers cut pages at about a megabyte. */
const mostPageBytes = 2 ** 28;

/** Levels of a column that may be there: how many bits each takes. */
interface Widths {
  readonly repetition: number;
  readonly definition: number;
}

/**
 * Checks what the pages of a row group say of their sizes, before anybody allocates by it or counts up to it: hyparquet believes them, so
 * that a file that lies would take the whole memory, or be read for ever. Throws an Error.
 */
export async function checkPages(
  file: AsyncBuffer,
  metadata: FileMetaData,
  group: number,
  compressors: Compressors,
): Promise<void> {
  const { columns } = metadata.row_groups[group]!;
  const schema = parquetSchema(metadata);
  const names = columns.map(({ meta_data }) => meta_data?.path_in_schema.join("."));
  // hyparquet waits for the first of them alone, and the trouble of the others would end the process.
  if (new Set(names).size < names.length) throw new Error("a row group has a column twice");
  for (const { meta_data: column } of columns) {
    if (!column) throw new Error("a column has no description");
    const from = Number(column.dictionary_page_offset || column.data_page_offset);
    const sizeBytes = Number(column.total_compressed_size);
    const values = Number(column.num_values);
    if (!(from >= 0 && sizeBytes >= 0 && from + sizeBytes <= file.byteLength))
      throw new Error("a column lies outside of the file");
    if (!(values >= 0 && values <= mostValues))
      throw new Error(
        `a row group has ${values} values of a column, more than ${mostValues}: write smaller row groups`,
      );
    const path = getTreePath(schema, column.path_in_schema);
    const widths = {
      repetition: Math.ceil(Math.log2(getMaxRepetitionLevel(path) + 1)),
      definition: Math.ceil(Math.log2(getMaxDefinitionLevel(path) + 1)),
    };
    const view = new DataView(await file.slice(from, from + sizeBytes));
    for (const reader = { view, offset: 0 }; reader.offset < view.byteLength - 1; ) {
      const header = parquetHeader(reader);
      const { compressed_page_size: stored, uncompressed_page_size: size } = header;
      const count = countOf(header);
      if (!(stored >= 0 && reader.offset + stored <= view.byteLength))
        throw new Error("a page ends outside of its column");
      if (!(size >= 0 && size <= mostPageBytes)) throw new Error(`a page is said to have ${size} bytes`);
      if (!(count >= 0 && count <= values)) throw new Error(`a page is said to have ${count} of ${values} values`);
      const bytes = new Uint8Array(view.buffer, view.byteOffset + reader.offset, stored);
      const decompressed = (part: Uint8Array, length: number) =>
        decompressPage(part, length, column.codec, compressors);
      if (header.data_page_header_v2) checkSecond(header, bytes, widths, decompressed);
      else if (header.data_page_header) checkFirst(header, bytes, widths, decompressed);
      reader.offset += stored;
    }
  }
}

type Decompressed = (part: Uint8Array, length: number) => Uint8Array;

function countOf({ data_page_header, data_page_header_v2, dictionary_page_header }: PageHeader): number {
  return (data_page_header ?? data_page_header_v2 ?? dictionary_page_header)?.num_values ?? 0;
}

/** A page of the first kind: levels, each behind its length, and values, compressed together. */
function checkFirst(header: PageHeader, bytes: Uint8Array, widths: Widths, decompressed: Decompressed): void {
  const { num_values: count, encoding } = header.data_page_header!;
  const page = decompressed(bytes, header.uncompressed_page_size);
  let at = 0;
  for (const width of [widths.repetition, widths.definition]) {
    if (width === 0) continue;
    const length = new DataView(page.buffer, page.byteOffset + at).getUint32(0, true);
    checkRuns(page.subarray(at + 4, at + 4 + length), width, count);
    at += 4 + length;
  }
  checkValues(page.subarray(at), encoding, count);
}

/** A page of the second kind: levels, whose lengths its header tells, and values, compressed alone. */
function checkSecond(header: PageHeader, bytes: Uint8Array, widths: Widths, decompressed: Decompressed): void {
  const page = header.data_page_header_v2!;
  const { num_values: count, num_rows: rows, num_nulls: nulls } = page;
  if (!(rows >= 0 && rows <= count && nulls >= 0 && nulls <= count))
    throw new Error("a page does not say how many rows it has");
  const [repetition, definition] = [page.repetition_levels_byte_length, page.definition_levels_byte_length];
  const levels = repetition + definition;
  if (!(repetition >= 0 && definition >= 0 && levels <= bytes.length))
    throw new Error("a page's levels lie outside of it");
  if (widths.repetition > 0) checkRuns(bytes.subarray(0, repetition), widths.repetition, count);
  if (widths.definition > 0) checkRuns(bytes.subarray(repetition, levels), widths.definition, count);
  const values = bytes.subarray(levels);
  const isCompressed = page.is_compressed !== false;
  checkValues(
    isCompressed ? decompressed(values, header.uncompressed_page_size - levels) : values,
    page.encoding,
    count - nulls,
  );
}

/** Values that are numbers of a dictionary's entries, or single bits, come in runs. */
function checkValues(values: Uint8Array, encoding: string, count: number): void {
  if (encoding === "PLAIN_DICTIONARY" || encoding === "RLE_DICTIONARY")
    checkRuns(values.subarray(1), values[0] ?? 0, count);
  if (encoding === "RLE") checkRuns(values.subarray(4), 1, count);
}

/**
 * The hybrid of runs and packed bits (https://parquet.apache.org/docs/file-format/data-pages/encodings/): no run may be longer than
 * what is left to read, but for the bits that fill up the last eight.
 */
function checkRuns(bytes: Uint8Array, width: number, count: number): void {
  if (width > 32) throw new Error(`a page's values have ${width} bits`);
  for (let seen = 0, at = 0; seen < count; ) {
    let header = 0;
    for (let shift = 0; ; shift += 7) {
      // Values that are null have no place here, so there may be fewer.
      if (at >= bytes.length) return;
      if (shift > 28) throw new Error("a page has a run whose length is no number");
      const byte = bytes[at++]!;
      header += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    const isPacked = header % 2 === 1;
    const run = Math.floor(header / 2) * (isPacked ? 8 : 1);
    if (run > count - seen + 7) throw new Error(`a page has a run of ${run} values where ${count - seen} are left`);
    at += isPacked ? (run / 8) * width : Math.ceil(width / 8);
    seen += run;
  }
}
