import { BadRow } from "../errors.ts";
import type { Column, ColumnValues } from "./types.ts";

const arrays = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array };
const wholeNumbers = { int32: [-(2 ** 31), 2 ** 31 - 1], uint8: [0, 255] } as const;

/** How many values one example has in the column. */
export function valuesPerExample(column: Column): number {
  return column.shape.reduce((product, length) => product * length, 1);
}

/** The bytes of one example. */
export function exampleBytes(columns: readonly Column[]): number {
  return columns.reduce((sum, column) => sum + valuesPerExample(column) * arrays[column.type].BYTES_PER_ELEMENT, 0);
}

export function newValues(column: Column, examples: number): ColumnValues {
  return new arrays[column.type](examples * valuesPerExample(column));
}

/** Room for some examples, column by column as they are stored. */
export class ColumnBlock {
  readonly columns: readonly Column[];
  /** The values of each column, in the order of `columns`. */
  readonly values: readonly ColumnValues[];
  length = 0;
  readonly #sizes: readonly number[];

  constructor(columns: readonly Column[], capacity: number) {
    this.columns = columns;
    this.#sizes = columns.map(valuesPerExample);
    this.values = columns.map((column) => newValues(column, capacity));
  }

  /** Adds one example. Throws `BadRow` and adds nothing when a value cannot be stored. */
  add(example: Readonly<Record<string, ArrayLike<number>>>): void {
    for (let i = 0; i < this.columns.length; i++) {
      const column = this.columns[i]!;
      const target = this.values[i]!;
      const source = example[column.name];
      const size = this.#sizes[i]!;
      if (source?.length !== size)
        throw new BadRow(`column "${column.name}" has ${source?.length} values, not ${size}`);
      copyChecked(source, target, this.length * size, column);
    }
    this.length++;
  }
}

function copyChecked(source: ArrayLike<number>, target: ColumnValues, offset: number, { name, type }: Column): void {
  if ((type === "uint8" && source instanceof Uint8Array) || (type === "int32" && source instanceof Int32Array)) {
    target.set(source, offset);
    return;
  }
  for (let i = 0; i < source.length; i++) {
    const value = source[i]!;
    target[offset + i] = value;
    const fits = type === "float32" ? Number.isFinite(target[offset + i]) : target[offset + i] === value;
    if (!fits) throw new BadRow(`column "${name}" cannot hold ${value}: ${reason(type)}`);
  }
}

function reason(type: Column["type"]): string {
  if (type === "float32") return "it takes finite numbers up to 3.4e38";
  const [least, most] = wholeNumbers[type];
  return `it takes whole numbers from ${least} to ${most}`;
}
