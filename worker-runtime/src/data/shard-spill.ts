import { randomUUID } from "node:crypto";
import { closeSync, openSync, readSync, rmSync, unlinkSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { encodeSafetensors, type SafeTensor } from "../codec/safetensors.ts";
import { UserError } from "../errors.ts";
import { ColumnBlock, exampleBytes, newValues, valuesPerExample } from "./column-block.ts";
import type { Column, ColumnValues } from "./types.ts";

const tensorTypes = { float32: "F32", int32: "I32", uint8: "U8" } as const;

/** A block of a shard that was written to the file. */
interface WrittenBlock {
  readonly offset: number;
  readonly length: number;
}

interface OpenShard {
  readonly written: WrittenBlock[];
  block: ColumnBlock | undefined;
  examples: number;
}

/**
 * Gathers examples into any number of shards at once in bounded memory: each shard fills a block, and full blocks of all
 * shards go to one temporary file. What fits in memory never reaches the file.
 */
export class ShardSpill {
  readonly #columns: readonly Column[];
  readonly #shards: OpenShard[];
  readonly #blockExamples: number;
  readonly #spare: ColumnBlock[] = [];
  #file: { readonly descriptor: number; readonly path: string } | undefined;
  #fileBytes = 0;
  #scratchExamples = 0;
  #scratchValues: readonly ColumnValues[] = [];

  /**
   * @param shardExamples the most examples that a shard is going to have
   * @param filledAtOnce how many shards take examples in turn; the others are empty or complete
   * @param memoryBytes for all blocks together
   */
  constructor(
    columns: readonly Column[],
    shards: number,
    { shardExamples, filledAtOnce, memoryBytes }: { shardExamples: number; filledAtOnce: number; memoryBytes: number },
  ) {
    this.#columns = columns;
    this.#shards = Array.from({ length: shards }, () => ({ written: [], block: undefined, examples: 0 }));
    const affordable = Math.floor(memoryBytes / filledAtOnce / Math.max(1, exampleBytes(columns)));
    this.#blockExamples = Math.max(1, Math.min(affordable, shardExamples));
  }

  /** Throws `BadRow`, with the spill unchanged, when a value cannot be stored. */
  add(shard: number, example: Readonly<Record<string, ArrayLike<number>>>): void {
    const open = this.#shards[shard]!;
    open.block ??= this.#spare.pop() ?? new ColumnBlock(this.#columns, this.#blockExamples);
    open.block.add(example);
    open.examples++;
    if (open.block.length === this.#blockExamples) this.#write(open, open.block);
  }

  examples(shard: number): number {
    return this.#shards[shard]!.examples;
  }

  /** The shard as a safetensors object: one tensor for each column. */
  encode(shard: number): Uint8Array<ArrayBuffer> {
    const { written, block, examples } = this.#shards[shard]!;
    const sizes = this.#columns.map(valuesPerExample);
    const whole = this.#scratch(examples).map((values, i) => values.subarray(0, examples * sizes[i]!));
    let start = 0;
    for (const { offset, length } of written) {
      let position = offset;
      for (const [i, values] of whole.entries()) {
        const part = values.subarray(start * sizes[i]!, (start + length) * sizes[i]!);
        readFully(this.#file!.descriptor, part, position);
        position += part.byteLength;
      }
      start += length;
    }
    for (const [i, values] of whole.entries()) {
      if (block) values.set(block.values[i]!.subarray(0, block.length * sizes[i]!), start * sizes[i]!);
    }
    const tensors = this.#columns.map(({ name, type, shape }, i): [string, SafeTensor] => [
      name,
      { type: tensorTypes[type], shape: [examples, ...shape], values: whole[i]! },
    ]);
    return encodeSafetensors(new Map(tensors));
  }

  /** Room for a shard's columns, the same for one shard after another. */
  #scratch(examples: number): readonly ColumnValues[] {
    if (examples > this.#scratchExamples) {
      this.#scratchExamples = examples;
      this.#scratchValues = this.#columns.map((column) => newValues(column, examples));
    }
    return this.#scratchValues;
  }

  close(): void {
    if (!this.#file) return;
    closeSync(this.#file.descriptor);
    rmSync(this.#file.path, { force: true });
  }

  #write(open: OpenShard, block: ColumnBlock): void {
    this.#file ??= createTemporaryFile();
    const offset = this.#fileBytes;
    try {
      for (const values of block.values) {
        writeFully(this.#file.descriptor, new Uint8Array(values.buffer), this.#fileBytes);
        this.#fileBytes += values.byteLength;
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
      const megabytes = Math.ceil(this.#fileBytes / 1e6);
      throw new UserError(
        `No space is left in ${tmpdir()} after ${megabytes} MB of sorted examples. Free some, or set TMPDIR to a larger folder.`,
        3,
      );
    }
    open.written.push({ offset, length: block.length });
    open.block = undefined;
    block.length = 0;
    this.#spare.push(block);
  }
}

function createTemporaryFile() {
  const file = path.join(tmpdir(), `trivet-shards-${randomUUID()}`);
  const descriptor = openSync(file, "wx+", 0o600);
  // Without a name it goes with the process, whatever ends that. Windows keeps the name of an open file.
  if (process.platform !== "win32") unlinkSync(file);
  return { descriptor, path: file };
}

function writeFully(descriptor: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(descriptor, bytes, done, bytes.length - done, position + done);
  }
}

function readFully(descriptor: number, into: NodeJS.ArrayBufferView, position: number): void {
  const bytes = new Uint8Array(into.buffer, into.byteOffset, into.byteLength);
  for (let done = 0; done < bytes.length; ) {
    const read = readSync(descriptor, bytes, done, bytes.length - done, position + done);
    if (read === 0) throw new Error("The temporary file of shards was cut short.");
    done += read;
  }
}
