import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { UserError } from "../../errors.ts";
import type { Image } from "../types.ts";
import { decodeImage } from "./image.ts";
import type { ReadRow, RowBatches } from "./reader.ts";

const filesAtOnce = 64;
const batchBytes = 2 ** 24;

/**
 * A folder with one folder of PNG and JPEG files for each class. Rows have `image` and `label`, the class folder's name;
 * they come in the order of the names. Hidden files are passed over. A row's `file` is the picture, its `line` is 1.
 */
export async function* readImages(folder: string, file: string): RowBatches {
  const labels = await list(folder, "folders");
  if (labels.length === 0) {
    throw new UserError(`${file} has no folders in it. It must hold one folder of pictures for each class.`);
  }
  for (const label of labels) {
    const names = await list(path.join(folder, label), "files");
    for (let start = 0; start < names.length; start += filesAtOnce) {
      const some = names.slice(start, start + filesAtOnce);
      const files = await Promise.all(some.map((name) => readFile(path.join(folder, label, name))));
      let batch: ReadRow[] = [];
      let sizeBytes = 0;
      for (const [i, name] of some.entries()) {
        const image = decodeOrProblem(files[i]!);
        const place = { file: `${file}/${label}/${name}`, line: 1 };
        batch.push(typeof image === "string" ? { ...place, problem: image } : { ...place, values: { image, label } });
        sizeBytes += typeof image === "string" ? 0 : image.pixels.length;
        if (sizeBytes < batchBytes) continue;
        yield batch;
        batch = [];
        sizeBytes = 0;
      }
      yield batch;
    }
  }
}

function decodeOrProblem(bytes: Buffer): Image | string {
  try {
    return decodeImage(bytes);
  } catch (error) {
    return `cannot be read as a picture: ${(error as Error).message}`;
  }
}

/** Names in order (UTF-16 code units, the same on every machine); links count as what they lead to. */
async function list(folder: string, kind: "folders" | "files"): Promise<string[]> {
  const names: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.name.startsWith(".")) continue;
    const target = entry.isSymbolicLink() ? await stat(path.join(folder, entry.name)) : entry;
    if (target.isDirectory() === (kind === "folders")) names.push(entry.name);
  }
  return names.sort();
}
