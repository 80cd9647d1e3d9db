import { type FileHandle, open } from "node:fs/promises";
import { UserError } from "../../errors.ts";
import type { Image } from "../types.ts";
import type { ReadRow, RowBatches } from "./reader.ts";

const unsignedByte = 0x08;
const batchImages = 1024;

/**
 * IDX, the format of MNIST (http://yann.lecun.com/exdb/mnist): pictures in one file, their labels in another. Rows have
 * `image` and `label`, a number; `line` counts from 1. `images` and `labels` are the two files' paths; without labels, as
 * for prediction, rows have the picture alone.
 */
export async function* readIdx(images: string, labels: string | undefined, file: string): RowBatches {
  await using pixels = await IdxFile.open(images);
  await using answers = labels === undefined ? undefined : await IdxFile.open(labels);
  const [, height, width, channels = 1] = pixels.shape;
  if (height === undefined || width === undefined || ![1, 3, 4].includes(channels)) {
    throw new UserError(`${images} holds an array of shape [${pixels.shape}], not pictures.`);
  }
  if (answers && (answers.shape.length !== 1 || answers.shape[0] !== pixels.shape[0])) {
    throw new UserError(
      `${labels} has the shape [${answers.shape}], which are not labels for ${pixels.shape[0]} pictures.`,
    );
  }
  const shape: Image["shape"] = [height, width, channels];
  const size = height * width * channels;
  const count = pixels.shape[0]!;
  for (let start = 0; start < count; start += batchImages) {
    const length = Math.min(batchImages, count - start);
    const values = await pixels.read(start * size, length * size);
    const numbers = await answers?.read(start, length);
    yield Array.from({ length }, (_, i): ReadRow => {
      const image: Image = { shape, pixels: values.subarray(i * size, (i + 1) * size) };
      return { values: { image, ...(numbers && { label: numbers[i] }) }, file, line: start + i + 1 };
    });
  }
}

/** An array of unsigned bytes: two zero bytes, the type, the number of dimensions, each as a big-endian u32, the bytes. */
class IdxFile {
  readonly shape: readonly number[];
  readonly #handle: FileHandle;
  readonly #dataOffset: number;

  private constructor(handle: FileHandle, shape: readonly number[]) {
    this.#handle = handle;
    this.shape = shape;
    this.#dataOffset = 4 + 4 * shape.length;
  }

  static async open(path: string): Promise<IdxFile> {
    const handle = await open(path);
    try {
      const header = Buffer.alloc(4 + 4 * 255);
      const { bytesRead } = await handle.read(header, 0, header.length, 0);
      if (header.readUInt16BE(0) === 0x1f8b) throw new UserError(`${path} is compressed. Unpack it with gunzip first.`);
      const [, , type, rank] = header as unknown as [number, number, number, number];
      if (header.readUInt16BE(0) !== 0 || type !== unsignedByte || bytesRead < 4 + 4 * rank) {
        throw new UserError(`${path} is not an IDX file of unsigned bytes, as the MNIST files are.`);
      }
      const shape = Array.from({ length: rank }, (_, i) => header.readUInt32BE(4 + 4 * i));
      const due = 4 + 4 * rank + shape.reduce((product, length) => product * length, 1);
      const { size } = await handle.stat();
      if (size !== due) throw new UserError(`${path} has ${size} bytes where its header speaks of ${due}.`);
      return new IdxFile(handle, shape);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    const { bytesRead } = await this.#handle.read(bytes, 0, length, this.#dataOffset + offset);
    if (bytesRead !== length) throw new UserError("An IDX file became shorter while it was read. Run again.");
    return bytes;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#handle.close();
  }
}
