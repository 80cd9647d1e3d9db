import type { Parameter } from "../models/model.ts";

/** How many numbers a tensor of this shape holds. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** Views into a flat vector that holds tensors of these shapes one after the other, from `offset` on. */
export function split(flat: Float32Array, parameters: readonly Pick<Parameter, "shape">[], offset = 0): Float32Array[] {
  return parameters.map(({ shape }) => {
    const from = offset;
    offset += sizeOf(shape);
    return flat.subarray(from, offset);
  });
}

/** One vector of all the numbers, one part after the other. */
export function join(parts: readonly ArrayLike<number>[]): Float32Array {
  const flat = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    flat.set(part, offset);
    offset += part.length;
  }
  return flat;
}
