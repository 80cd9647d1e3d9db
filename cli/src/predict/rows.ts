import { createReadStream, existsSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { readIdx } from "@trivet/worker-runtime/data/readers/idx";
import { decodeImage } from "@trivet/worker-runtime/data/readers/image";
import { formatOf, readFormat } from "@trivet/worker-runtime/data/readers/index";
import { lines } from "@trivet/worker-runtime/data/readers/lines";
import { type ReadRow, type RowBatches, rowOfJson } from "@trivet/worker-runtime/data/readers/reader";
import { UserError } from "@trivet/worker-runtime/errors";
import type { JobDocument } from "@trivet/worker-runtime/job/document";

const pictures = [".png", ".jpg", ".jpeg"];
/** MNIST's own name for its pictures is "t10k-images-idx3-ubyte". */
const idxName = /[.-]idx\d?(-ubyte)?$/i;

/** The rows of a file or, for "-", of standard input: what the job's own data looks like, but without the answers. */
export function readRows(file: string, { model, data }: JobDocument): RowBatches {
  const isText = model.kind === "text-classification";
  const textColumn = String(data.columns.text ?? "text");
  if (file === "-") return readLines(process.stdin, "standard input", isText ? textColumn : undefined);
  if (!existsSync(file)) throw new UserError(`There is no file ${file}.`);
  const extension = extname(file).toLowerCase();
  if (extension === ".txt" && isText) return readLines(createReadStream(file), file, textColumn);
  if (pictures.includes(extension) && statSync(file).isFile())
    return readPicture(file, String(data.columns.image ?? "image"));
  if (idxName.test(file)) return readIdx(file, undefined, file);
  const numbered = Object.values(data.columns).filter((column) => typeof column === "number");
  return readFormat(formatOf("auto", file, file), file, file, { header: data.header, numbered });
}

/** JSON lines; where the model reads texts, a line that is no JSON object is a text as it stands. */
async function* readLines(bytes: AsyncIterable<Uint8Array>, file: string, textColumn: string | undefined): RowBatches {
  for await (const batch of lines(bytes, file)) {
    yield batch.map(({ text, line }): ReadRow => {
      if (textColumn !== undefined && !text.startsWith("{")) return { values: { [textColumn]: text }, file, line };
      try {
        return rowOfJson(JSON.parse(text), file, line);
      } catch (error) {
        return { file, line, problem: `not JSON: ${(error as Error).message}` };
      }
    });
  }
}

async function* readPicture(file: string, column: string): RowBatches {
  try {
    yield [{ values: { [column]: decodeImage(await readFile(file)) }, file, line: 1 }];
  } catch (error) {
    yield [{ file, line: 1, problem: `cannot be read as a picture: ${(error as Error).message}` }];
  }
}
