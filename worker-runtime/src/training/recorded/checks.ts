import type { Parameter } from "../../models/model.ts";
import { split } from "../flat.ts";
import { identity, type Output } from "./graph.ts";
import { NotRecordable, type Recording } from "./recording.ts";
import { encodeSavedModel } from "./saved-model.ts";

/** @throws NotRecordable unless both recordings are the same graph. */
export function refuseOtherGraph(first: Recording, second: Recording): void {
  if (first === second || Buffer.compare(encode(first), encode(second)) === 0) return;
  throw new NotRecordable(
    "recorded twice, the loss gave two different graphs: it branches, draws random numbers, or uses something besides its feeds",
  );
}

function encode({ inputs, outputs }: Recording): Uint8Array {
  const named = (prefix: string, list: readonly Output[]) =>
    list.map((output, i) => [`${prefix}${i}`, output] as const);
  const fetches = outputs.map((output) => identity(output));
  return encodeSavedModel(Object.fromEntries([...named("input", inputs), ...named("output", fetches)]));
}

/**
 * `expected`, `values`: the loss and, where they were asked for, the gradients of the parameters.
 *
 * @throws NotRecordable unless a recorded step has the values of the one that ran op by op, to the bit.
 */
export function refuseOtherValues(
  parameters: readonly Parameter[],
  expected: readonly Float32Array[],
  values: readonly Float32Array[],
): void {
  for (const [i, part] of values.entries()) {
    const place = part.findIndex((value, j) => !same(value, expected[i]![j]!));
    if (place < 0) continue;
    const what = i === 0 ? "loss" : `gradient for "${parameters[i - 1]!.name}"`;
    throw new NotRecordable(
      `the recorded step has a ${what} of ${part[place]}, but op by op it is ${expected[i]![place]}`,
    );
  }
}

/**
 * A portable step rounds otherwise than one op by op, but not by much: within a hundredth of the largest gradient, or of
 * the loss. `expected`, `values`: as for `refuseOtherValues`.
 *
 * @throws NotRecordable when it is further away, so that the rewrite must be wrong.
 */
export function refuseFarValues(
  parameters: readonly Parameter[],
  expected: readonly Float32Array[],
  values: readonly Float32Array[],
): void {
  const largest = (part: Float32Array) => part.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  const largestGradient = Math.max(...expected.slice(1).map(largest));
  for (const [i, part] of values.entries()) {
    const tolerance = (i === 0 ? 1 + largest(part) : largestGradient) / 100;
    const place = part.findIndex((value, j) => Math.abs(value - expected[i]![j]!) > tolerance);
    if (place < 0) continue;
    const what = i === 0 ? "loss" : `gradient for "${parameters[i - 1]!.name}"`;
    throw new NotRecordable(`its ${what} would be ${part[place]}, but natively it is ${expected[i]![place]}`);
  }
}

/** @throws NotRecordable unless a recorded function gives what it gave op by op, to the bit. */
export function refuseOtherOutputs(expected: Float32Array, values: Float32Array): void {
  const place = values.findIndex((value, i) => !same(value, expected[i]!));
  if (place < 0 && values.length === expected.length) return;
  throw new NotRecordable(
    `the recorded model has an output of ${values[place]}, but op by op it is ${expected[place]}`,
  );
}

/**
 * Where rows are subtracted one by one the order of a sum changes: each subtraction may round by half of a unit in the
 * last place (2^-24) of the weight, and common rows are subtracted from many times in a batch.
 */
const rowTolerance = 1e-4;

/** @throws NotRecordable unless a recorded step gives the same weights as the one that ran op by op, to the bit. */
export function refuseOtherWeights(
  parameters: readonly Parameter[],
  expected: Float32Array,
  weights: Float32Array,
  byRows: readonly boolean[],
): void {
  const expectedParts = split(expected, parameters);
  split(weights, parameters).forEach((part, i) => {
    const wanted = expectedParts[i]!;
    const largest = byRows[i] ? wanted.reduce((max, value) => Math.max(max, Math.abs(value)), 0) : 0;
    const place = part.findIndex(
      (value, j) => !same(value, wanted[j]!) && !(Math.abs(value - wanted[j]!) <= largest * rowTolerance),
    );
    if (place < 0) return;
    throw new NotRecordable(
      `the recorded step gives ${part[place]} for a weight of "${parameters[i]!.name}", but op by op it is ${wanted[place]}`,
    );
  });
}

/** Whether two numbers are equal; NaN equals itself. */
function same(a: number, b: number): boolean {
  return a === b || (Number.isNaN(a) && Number.isNaN(b));
}
