/** Sums of rows that share an index: the gradient of a look-up in a table. */
import { sizeOf } from "../flat.ts";
import { attribute, DataType, type Node, type Output } from "../recorded/graph.ts";
import type { ExactArithmetic } from "./exact.ts";
import { node } from "./nodes.ts";

/** Inputs: the rows, the segment of each, the number of segments. */
export function segmentSum(exact: ExactArithmetic, { op, inputs, attributes, outputs }: Node): Output[] {
  const [rows, indices, count] = inputs as [Output, Output, Output];
  const length = sizeOf(indices.shape);
  const inFloat64 = { ...attributes, T: attribute.type(DataType.float64) };
  const { shape } = outputs[0]!;
  return [exact.sum(length, rows, (values) => node(op, [values, indices, count], { shape }, inFloat64))];
}

/** Inputs: the indices, the values, the shape of the result. Values of the same index are added up. */
export function scatter(exact: ExactArithmetic, { op, inputs, attributes, outputs }: Node): Output[] {
  const [indices, values, shape] = inputs as [Output, Output, Output];
  const length = sizeOf(indices.shape.slice(0, -1));
  const inFloat64 = { ...attributes, T: attribute.type(DataType.float64) };
  const result = { type: DataType.float64, shape: outputs[0]!.shape };
  return [exact.sum(length, values, (values) => node(op, [indices, values, shape], result, inFloat64))];
}
