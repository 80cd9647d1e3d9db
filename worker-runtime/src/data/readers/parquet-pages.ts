import type { AsyncBuffer, FileMetaData } from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";

/** More values of one column in one row group than any writer makes (their defaults: a million), and than memory would hold. */
const mostValues = 2 ** 26;
/** Writers cut pages at about a megabyte. */
const mostPageBytes = 2 ** 28;

/**
 * Checks what the headers of a row group's pages say of their sizes, before anybody allocates by it: hyparquet believes them, so that
 * a file that lies would take the whole memory, or be read for ever. Throws an Error.
 */
export async function checkPages(file: AsyncBuffer, { columns }: FileMetaData["row_groups"][number]): Promise<void> {
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
    const view = new DataView(await file.slice(from, from + sizeBytes));
    for (const reader = { view, offset: 0 }; reader.offset < view.byteLength - 1; ) {
      const header = parquetHeader(reader);
      const { compressed_page_size: stored, uncompressed_page_size: size, data_page_header_v2: second } = header;
      const count = (header.data_page_header ?? second ?? header.dictionary_page_header)?.num_values ?? 0;
      if (!(stored >= 0 && reader.offset + stored <= view.byteLength))
        throw new Error("a page ends outside of its column");
      if (!(size >= 0 && size <= mostPageBytes)) throw new Error(`a page is said to have ${size} bytes`);
      if (!(count >= 0 && count <= values)) throw new Error(`a page is said to have ${count} of ${values} values`);
      if (
        second &&
        !(second.num_rows >= 0 && second.num_rows <= values && second.num_nulls >= 0 && second.num_nulls <= count)
      )
        throw new Error("a page does not say how many rows it has");
      reader.offset += stored;
    }
  }
}
