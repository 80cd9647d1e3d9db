import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import { asyncBufferFromFile, type Compressors, type ParquetScan, parquetScan } from "hyparquet";
import { UserError } from "../../errors.ts";
import { checkPages } from "./parquet-pages.ts";
import type { ReadRow, RowBatches } from "./reader.ts";

/** hyparquet brings Snappy itself. A page without values has a length of 0, which zlib does not take for a limit. */
const compressors: Compressors = {
  GZIP: (bytes, length) => gunzipSync(bytes, { maxOutputLength: Math.max(1, length) }),
  BROTLI: (bytes, length) => brotliDecompressSync(bytes, { maxOutputLength: Math.max(1, length) }),
  ZSTD: (bytes, length) => zstdDecompressSync(bytes, { maxOutputLength: Math.max(1, length) }),
};

const batchRows = 4096;

/** Parquet, one row group in memory at a time. `line` counts records from 1. */
export async function* readParquet(path: string, file: string): RowBatches {
  try {
    const bytes = await asyncBufferFromFile(path);
    const scan = await parquetScan({ file: bytes, compressors });
    const names = topLevelColumns(scan);
    // Without a filter each row group is one range.
    for (const [group, { rowStart, rowEnd }] of scan.ranges.entries()) {
      await checkPages(bytes, scan.metadata, group, compressors);
      // `async`: readColumn may also throw at once, and then nobody would wait for those before it.
      const columns = await Promise.all(names.map(async (column) => scan.readColumn({ column, rowStart, rowEnd })));
      for (let start = rowStart; start < rowEnd; start += batchRows) {
        const batch: ReadRow[] = [];
        for (let row = start; row < Math.min(start + batchRows, rowEnd); row++) {
          const values: Record<string, unknown> = {};
          for (let i = 0; i < names.length; i++) values[names[i]!] = plainNumber(columns[i]![row - rowStart]);
          batch.push({ values, file, line: row + 1 });
        }
        yield batch;
      }
    }
  } catch (error) {
    throw new UserError(`${file} cannot be read as Parquet: ${(error as Error).message}.`);
  }
}

function topLevelColumns({ metadata }: ParquetScan): string[] {
  const names = metadata.row_groups.flatMap(({ columns }) =>
    columns.map(({ meta_data }) => meta_data!.path_in_schema[0]!),
  );
  return [...new Set(names)];
}

/** 64-bit integers come as bigint; beyond 2^53 they stay exact as their digits. */
function plainNumber(value: unknown): unknown {
  if (typeof value !== "bigint") return value;
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
}
