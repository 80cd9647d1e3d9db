/** Matrix products, convolutions and their gradients: sums of products, whose kernels run in float64 on whole numbers. */
import { sizeOf } from "../flat.ts";
import { type Attribute, type Attributes, attribute, DataType, type Node, type Output } from "../recorded/graph.ts";
import type { ExactArithmetic, OwnKernel } from "./exact.ts";
import { node } from "./nodes.ts";

/** `MatMul` of matrices; `BatchMatMulV2` of stacks of them. */
export function matMul(exact: ExactArithmetic, { op, inputs, attributes, outputs }: Node): Output[] {
  const [a, b] = inputs as [Output, Output];
  const axisA = a.shape.length - (isSet(attributes.transpose_a ?? attributes.adj_x) ? 2 : 1);
  const axisB = b.shape.length - (isSet(attributes.transpose_b ?? attributes.adj_y) ? 1 : 2);
  const multiply = inFloat64(op, attributes, outputs[0]!);
  const length = a.shape[axisA]!;
  const [transposedA, transposedB] = [axisA === a.shape.length - 2, axisB === b.shape.length - 1];
  const own = ownProduct(outputs[0]!.shape, length, a, b, transposedA, transposedB);
  return [exact.longProduct(op, length, [a, axisA], [b, axisB], (a, b) => multiply([a, b]), own)];
}

/** Inputs: the data, the filter. The sum runs over the filter's window and, unless it is depthwise, its inputs. */
export function convolution(exact: ExactArithmetic, { op, inputs, attributes, outputs }: Node): Output[] {
  const [x, filter] = inputs as [Output, Output];
  const length = sizeOf(filter.shape.slice(0, op.startsWith("Depthwise") ? -2 : -1));
  const multiply = inFloat64(op, attributes, outputs[0]!);
  const geometry = windowGeometry(op, attributes, x.shape, filter.shape, outputs[0]!.shape);
  const own = geometry && { op: "TrivetConvolution", geometry, shape: outputs[0]!.shape };
  return [exact.product(op, length, x, filter, (x, filter) => multiply([x, filter]), own)];
}

/** Inputs: the shape of the data, the filter, the gradient. The sum runs over the filter's window and its outputs. */
export function convolutionByInput(exact: ExactArithmetic, { op, inputs, attributes, outputs }: Node): Output[] {
  const [shape, filter, gradient] = inputs as [Output, Output, Output];
  const length = sizeOf(filter.shape) / filter.shape.at(-2)!;
  const multiply = inFloat64(op, attributes, outputs[0]!);
  const geometry = windowGeometry(op, attributes, outputs[0]!.shape, filter.shape, gradient.shape);
  const own = geometry && { op: "TrivetConvolutionByInput", geometry, shape: outputs[0]!.shape };
  return [exact.product(op, length, filter, gradient, (filter, gradient) => multiply([shape, filter, gradient]), own)];
}

/** Inputs: the data, the shape of the filter, the gradient. The sum runs over the batch and all places of the gradient. */
export function convolutionByFilter(exact: ExactArithmetic, { op, inputs, attributes, outputs }: Node): Output[] {
  const [x, shape, gradient] = inputs as [Output, Output, Output];
  const length = sizeOf(gradient.shape) / gradient.shape.at(-1)!;
  const multiply = inFloat64(op, attributes, outputs[0]!);
  const geometry = windowGeometry(op, attributes, x.shape, outputs[0]!.shape, gradient.shape);
  const own = geometry && { op: "TrivetConvolutionByFilter", geometry, shape: outputs[0]!.shape };
  return [exact.longProduct(op, length, [x, 0], [gradient, 0], (x, gradient) => multiply([x, shape, gradient]), own)];
}

/** Our kernel for matrices and stacks of them, unless a stack is spread over another. */
function ownProduct(
  shape: readonly number[],
  length: number,
  a: Output,
  b: Output,
  transposedA: boolean,
  transposedB: boolean,
): OwnKernel | undefined {
  const stacks = [a, b].map((x) => x.shape.slice(0, -2).join());
  if (stacks[0] !== stacks[1]) return undefined;
  const [m, n] = shape.slice(-2) as [number, number];
  const geometry = [sizeOf(shape.slice(0, -2)), m, length, n, Number(transposedA), Number(transposedB), ...shape];
  return { op: "TrivetProduct", geometry, shape };
}

/** How a window goes over pictures, as our kernels of convolutions know it; undefined where they cannot do it. */
function windowGeometry(
  op: string,
  attributes: Attributes,
  data: readonly number[],
  filter: readonly number[],
  result: readonly number[],
): number[] | undefined {
  const { padding, data_format, dilations } = attributes;
  const isPlain = padding?.kind === "string" && padding.value !== "EXPLICIT";
  const isDilated = dilations?.kind === "ints" && dilations.value.some((step) => step !== 1);
  const isOtherwise = data_format?.kind === "string" && data_format.value !== "NHWC";
  if (!op.startsWith("Conv2D") || !isPlain || isDilated || isOtherwise) return undefined;
  const strides = (attributes.strides as { value: readonly number[] }).value.slice(1, 3);
  const before = [0, 1].map((axis) => {
    const missing = (result[axis + 1]! - 1) * strides[axis]! + filter[axis]! - data[axis + 1]!;
    return padding.value === "SAME" ? Math.floor(Math.max(0, missing) / 2) : 0;
  });
  return [...data, ...result.slice(1), ...filter.slice(0, 2), ...strides, ...before];
}

/** The same operation on float64. */
export function inFloat64(op: string, attributes: Attributes, { shape }: Output) {
  const type = DataType.float64;
  return (inputs: readonly Output[]) => node(op, inputs, { type, shape }, { ...attributes, T: attribute.type(type) });
}

function isSet(value: Attribute | undefined): boolean {
  return value?.kind === "bool" && value.value;
}
