/** Functions that TensorFlow computes with the CPU's approximate reciprocal, or in the order of its own sums. */
import { sizeOf } from "../flat.ts";
import { attribute, DataType, type Node, type Output, scalar } from "../recorded/graph.ts";
import { NotRecordable } from "../recorded/recording.ts";
import type { ExactArithmetic, OwnKernel } from "./exact.ts";
import { binary, node, reduce, reshape } from "./nodes.ts";
import { functionOf } from "./whole-packets.ts";

/** Sums, each exact and then rounded once to float32. */
export function sum(exact: ExactArithmetic, node: Node): Output[] {
  return [reducedSum(exact, node.inputs[0]!, axesOf(node), node.outputs[0]!.shape)];
}

/** Sums by their number, each rounded once. */
export function mean(exact: ExactArithmetic, node: Node): Output[] {
  const { shape } = node.outputs[0]!;
  const count = sizeOf(node.inputs[0]!.shape) / sizeOf(shape);
  return [reducedSum(exact, node.inputs[0]!, axesOf(node), shape, count)];
}

/** The gradient of an added bias: the sum over all axes but the last. */
export function sumOfRows(exact: ExactArithmetic, { inputs: [x] }: Node): Output[] {
  const axes = Array.from({ length: x!.shape.length - 1 }, (_, axis) => axis);
  return [reducedSum(exact, x!, axes, x!.shape.slice(-1))];
}

export function cumulativeSum(exact: ExactArithmetic, { op, inputs, attributes, outputs }: Node): Output[] {
  const [x, axis] = inputs as [Output, Output];
  const inFloat64 = { ...attributes, T: attribute.type(DataType.float64) };
  // Whatever the axis, no sum has more terms than the tensor.
  const { shape } = outputs[0]!;
  return [exact.sum(sizeOf(x.shape), x, (values) => node(op, [values, axis], { shape }, inFloat64))];
}

/** The axes that a reduction names, always in a constant: tfjs has them as JavaScript numbers. */
function axesOf({ inputs: [x, axes] }: Node): number[] {
  const { value } = axes!.node.attributes;
  if (value?.kind !== "tensor") throw new NotRecordable("it sums along axes that are computed");
  const rank = x!.shape.length;
  return Array.from(new Int32Array(value.bytes.buffer), (axis) => (axis + rank) % rank);
}

/** The sums along `axes`, divided by `divisor`, in `shape`. */
function reducedSum(
  exact: ExactArithmetic,
  x: Output,
  axes: readonly number[],
  shape: readonly number[],
  divisor = 1,
): Output {
  const length = sizeOf(axes.map((axis) => x.shape[axis]!));
  const total = exact.sum(length, x, (values) => reduce("Sum", values, axes), divisor, ownSum(x, axes, shape, divisor));
  return total.shape.join() === shape.join() ? total : reshape(total, shape);
}

/** Our kernel for axes that are next to each other. */
function ownSum(
  { shape }: Output,
  axes: readonly number[],
  result: readonly number[],
  divisor: number,
): OwnKernel | undefined {
  const [first, end] = axes.length === 0 ? [0, 0] : [Math.min(...axes), Math.max(...axes) + 1];
  if (new Set(axes).size !== end - first) return undefined;
  const parts = [shape.slice(0, first), shape.slice(first, end), shape.slice(end)].map(sizeOf);
  return { op: "TrivetSum", geometry: [...parts, divisor, ...result], shape: result };
}

export function softmax(exact: ExactArithmetic, { inputs: [logits] }: Node): Output[] {
  const { powers, sum } = exponentials(exact, logits!);
  return [binary("RealDiv", powers, sum)];
}

export function logSoftmax(exact: ExactArithmetic, { inputs: [logits] }: Node): Output[] {
  const { shifted, sum } = exponentials(exact, logits!);
  return [binary("Sub", shifted, functionOf("Log", sum))];
}

/** The losses, and their gradient with respect to the logits. */
export function softmaxCrossEntropy(exact: ExactArithmetic, { inputs: [logits, labels] }: Node): Output[] {
  const { powers, shifted, sum } = exponentials(exact, logits!);
  const losses = binary("Mul", labels!, binary("Sub", functionOf("Log", sum), shifted));
  return [sumOfLast(exact, losses, false), binary("Sub", binary("RealDiv", powers, sum), labels!)];
}

/** Along the last axis: the logits less their largest, e to that, and the sum of these. */
function exponentials(exact: ExactArithmetic, logits: Output) {
  const last = logits.shape.length - 1;
  const shifted = binary("Sub", logits, reduce("Max", logits, [last], true));
  const powers = functionOf("Exp", shifted);
  return { shifted, powers, sum: sumOfLast(exact, powers, true) };
}

function sumOfLast(exact: ExactArithmetic, x: Output, keepDims: boolean): Output {
  const last = x.shape.length - 1;
  const shape = [...x.shape.slice(0, last), ...(keepDims ? [1] : [])];
  return reducedSum(exact, x, [last], shape);
}

export function rsqrt({ inputs: [x] }: Node): Output[] {
  return [reciprocalOf(node("Sqrt", [x!]))];
}

export function reciprocal({ inputs: [x] }: Node): Output[] {
  return [reciprocalOf(x!)];
}

function reciprocalOf(x: Output): Output {
  return binary("RealDiv", scalar(1), x);
}

/** Adds two by two, in the order of the inputs. */
export function addN({ inputs }: Node): Output[] {
  return [inputs.reduce((sum, input) => binary("AddV2", sum, input))];
}

/** Batch normalisation with given mean and variance, as tfjs-node asks for it (is_training: false; the formula is that of tensorflow/core/kernels/fused_batch_norm_op.cc). */
export function batchNorm({ inputs, attributes }: Node): Output[] {
  const [x, scale, offset, mean, variance] = inputs as [Output, Output, Output, Output, Output];
  const { value: epsilon } = attributes.epsilon as { value: number };
  const deviation = node("Sqrt", [binary("AddV2", variance, scalar(epsilon))]);
  const normalised = binary("RealDiv", binary("Sub", x, mean), deviation);
  return [binary("AddV2", binary("Mul", normalised, scale), offset), mean, variance, mean, variance];
}
