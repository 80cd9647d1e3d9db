import { lines } from "./lines.ts";
import type { ReadRow, RowBatches } from "./reader.ts";

const names = ["user", "item", "rating", "time"] as const;

/** MovieLens' own format, `user::item::rating::time` on each line. Its later CSV files are read as CSV. */
export async function* readMovieLens(bytes: AsyncIterable<Uint8Array>, file: string): RowBatches {
  for await (const batch of lines(bytes, file)) {
    yield batch.map(({ text, line }): ReadRow => {
      const [user, item, rating, time, ...more] = text.split("::");
      if (time === undefined || more.length > 0) {
        return { file, line, problem: `not of the form ${names.join("::")}: ${JSON.stringify(text.slice(0, 80))}` };
      }
      return { values: { user, item, rating, time }, file, line };
    });
  }
}
