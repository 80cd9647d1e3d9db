/** Matrix products, convolutions and their gradients: sums of products, whose kernels run in float64 on whole numbers. */
import { sizeOf } from "../flat.ts";
import { type Attribute, type Attributes, attribute, DataType, type Node, type Output } from "../recorded/graph.ts";
import type { ExactArithmetic } from "./exact.ts";
import { node } from "./nodes.ts";

/** `MatMul` of matrices; `BatchMatMulV2` of stacks of them. */
export function matMul(exact: ExactArithmetic, { op, inputs, attributes, outputs }: Node): Output[] {
  const [a, b] = inputs as [Output, Output];
  const axisA = a.shape.length - (isSet(attributes.transpose_a ?? attributes.adj_x) ? 2 : 1);
  const axisB = b.shape.length - (isSet(attributes.transpose_b ?? attributes.adj_y) ? 1 : 2);
  const multiply = inFloat64(op, attributes, outputs[0]!);
  return [exact.longProduct(op, a.shape[axisA]!, [a, axisA], [b, axisB], (a, b) => multiply([a, b]))];
}

/** Inputs: the data, the filter. The sum runs over the filter's window and, unless it is depthwise, its inputs. */
export function convolution(exact: ExactArithmetic, { op, inputs, attributes, outputs }: Node): Output[] {
  const [x, filter] = inputs as [Output, Output];
  const length = sizeOf(filter.shape.slice(0, op.startsWith("Depthwise") ? -2 : -1));
  const multiply = inFloat64(op, attributes, outputs[0]!);
  return [exact.product(op, length, x, filter, (x, filter) => multiply([x, filter]))];
}

/** Inputs: the shape of the data, the filter, the gradient. The sum runs over the filter's window and its outputs. */
export function convolutionByInput(exact: ExactArithmetic, { op, inputs, attributes, outputs }: Node): Output[] {
  const [shape, filter, gradient] = inputs as [Output, Output, Output];
  const length = sizeOf(filter.shape) / filter.shape.at(-2)!;
  const multiply = inFloat64(op, attributes, outputs[0]!);
  return [exact.product(op, length, filter, gradient, (filter, gradient) => multiply([shape, filter, gradient]))];
}

/** Inputs: the data, the shape of the filter, the gradient. The sum runs over the batch and all places of the gradient. */
export function convolutionByFilter(exact: ExactArithmetic, { op, inputs, attributes, outputs }: Node): Output[] {
  const [x, shape, gradient] = inputs as [Output, Output, Output];
  const length = sizeOf(gradient.shape) / gradient.shape.at(-1)!;
  const multiply = inFloat64(op, attributes, outputs[0]!);
  return [exact.longProduct(op, length, [x, 0], [gradient, 0], (x, gradient) => multiply([x, shape, gradient]))];
}

/** The same operation on float64. */
export function inFloat64(op: string, attributes: Attributes, { shape }: Output) {
  const type = DataType.float64;
  return (inputs: readonly Output[]) => node(op, inputs, { type, shape }, { ...attributes, T: attribute.type(type) });
}

function isSet(value: Attribute | undefined): boolean {
  return value?.kind === "bool" && value.value;
}
