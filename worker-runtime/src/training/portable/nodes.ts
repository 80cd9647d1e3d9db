/** Shorthands for the nodes that portable arithmetic is made of. */
import { type Attributes, attribute, constant, DataType, makeNode, type Output } from "../recorded/graph.ts";

/** An operation with one output, of the type and shape of its first input unless said otherwise. */
export function node(
  op: string,
  inputs: readonly Output[],
  { type = inputs[0]!.type, shape = inputs[0]!.shape }: { type?: number; shape?: readonly number[] } = {},
  attributes: Attributes = { T: attribute.type(inputs[0]!.type) },
): Output {
  return makeNode(op, inputs, attributes, [{ type, shape }]).outputs[0]!;
}

/** An operation on two tensors of which one may be a scalar, or have the other's shape but for lengths of 1. */
export function binary(op: string, a: Output, b: Output): Output {
  const rank = Math.max(a.shape.length, b.shape.length);
  const length = ({ shape }: Output, axis: number) => shape[shape.length - rank + axis] ?? 1;
  const shape = Array.from({ length: rank }, (_, axis) => Math.max(length(a, axis), length(b, axis)));
  return node(op, [a, b], { shape });
}

export function cast(x: Output, type: number): Output {
  return node("Cast", [x], { type }, { SrcT: attribute.type(x.type), DstT: attribute.type(type) });
}

/** The same bits, read as another type of 32 bits. */
export function bitcast(x: Output, type: number): Output {
  return node("Bitcast", [x], { type }, { T: attribute.type(x.type), type: attribute.type(type) });
}

export function int32(...values: number[]): Output {
  return constant(DataType.int32, [values.length], Int32Array.from(values));
}

export function int32Scalar(value: number): Output {
  return constant(DataType.int32, [], Int32Array.of(value));
}

export function float64(value: number): Output {
  return constant(DataType.float64, [], Float64Array.of(value));
}

export function reshape(x: Output, shape: readonly number[]): Output {
  const attributes = { T: attribute.type(x.type), Tshape: attribute.type(DataType.int32) };
  return node("Reshape", [x, int32(...shape)], { shape }, attributes);
}

export function transpose(x: Output, order: readonly number[]): Output {
  const attributes = { T: attribute.type(x.type), Tperm: attribute.type(DataType.int32) };
  return node("Transpose", [x, int32(...order)], { shape: order.map((axis) => x.shape[axis]!) }, attributes);
}

/** Part of a tensor: `size` places from `begin` on, along each axis. */
export function slice(x: Output, begin: readonly number[], size: readonly number[]): Output {
  const attributes = { T: attribute.type(x.type), Index: attribute.type(DataType.int32) };
  return node("Slice", [x, int32(...begin), int32(...size)], { shape: size }, attributes);
}

/** A reduction such as `Sum` or `Max` along `axes`. */
export function reduce(op: string, x: Output, axes: readonly number[], keepDims = false): Output {
  const attributes = {
    ...{ T: attribute.type(x.type), Tidx: attribute.type(DataType.int32) },
    keep_dims: attribute.bool(keepDims),
  };
  const shape = x.shape.flatMap((length, axis) => (axes.includes(axis) ? (keepDims ? [1] : []) : [length]));
  return node(op, [x, int32(...axes)], { shape }, attributes);
}
