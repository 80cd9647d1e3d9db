import { lines } from "./lines.ts";
import { type ReadRow, type RowBatches, rowOfJson } from "./reader.ts";

/** JSON Lines: one JSON object (or list) on each line. */
export async function* readJsonLines(bytes: AsyncIterable<Uint8Array>, file: string): RowBatches {
  for await (const batch of lines(bytes, file)) {
    yield batch.map(({ text, line }): ReadRow => {
      try {
        return rowOfJson(JSON.parse(text), file, line);
      } catch (error) {
        return { file, line, problem: `not JSON: ${(error as Error).message}` };
      }
    });
  }
}
