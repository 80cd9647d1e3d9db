import { UserError } from "../../errors.ts";
import { type RowBatches, rowOfJson } from "./reader.ts";

/** A JSON file is held in memory whole, as text and as objects: about five times its size. */
const sizeLimitBytes = 64 * 2 ** 20;

/** JSON: one list of objects (or of lists). `line` counts records from 1. Up to 64 MiB. */
export async function* readJson(bytes: AsyncIterable<Uint8Array>, file: string): RowBatches {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of bytes) {
    chunks.push(chunk);
    sizeBytes += chunk.length;
    if (sizeBytes > sizeLimitBytes) {
      throw new UserError(
        `${file} is larger than ${sizeLimitBytes / 2 ** 20} MiB, too large for a JSON list, which is read at once. ` +
          "Write it as JSON Lines (.jsonl), one object on each line.",
      );
    }
  }
  let records: unknown;
  try {
    records = JSON.parse(new TextDecoder().decode(Buffer.concat(chunks)));
  } catch (error) {
    throw new UserError(`${file} is not JSON: ${(error as Error).message}. One object on each line is called .jsonl.`);
  }
  if (!Array.isArray(records)) throw new UserError(`${file} must hold one JSON list of objects: [{...}, {...}].`);
  yield records.map((record, index) => rowOfJson(record, file, index + 1));
}
