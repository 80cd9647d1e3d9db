import { attribute, constant, DataType, floatOp, makeNode, type Output, type Rule } from "../graph.ts";

/** tfjs spreads the gradient of a sum or mean by multiplying it with a tensor of ones, whose shape it takes. */
export const broadcastWithoutOnes: Rule = ({ op, inputs, outputs }) => {
  if (op !== "Mul") return undefined;
  const [a, b] = inputs as [Output, Output];
  const [{ shape }] = outputs as [Output];
  if (isOnes(b, shape)) return [broadcast(a, shape)];
  if (isOnes(a, shape)) return [broadcast(b, shape)];
  return undefined;
};

/** Multiplies or divides by a number before a tensor is spread, when it is smaller. Each value comes out the same. */
export const scaleBeforeBroadcast: Rule = ({ op, inputs }) => {
  if (op !== "Mul" && op !== "RealDiv") return undefined;
  const [a, b] = inputs as [Output, Output];
  return a.type === DataType.float32 && b.shape.length === 0 ? [scaled(op, a, b)] : undefined;
};

/** Leaves it to a product to spread a factor to the shape that the other one has. */
export const broadcastInProduct: Rule = ({ op, inputs, outputs }) => {
  if (op !== "Mul") return undefined;
  const [a, b] = inputs as [Output, Output];
  const [{ type, shape }] = outputs as [Output];
  const spread = (x: Output) => (x.node.op === "BroadcastTo" ? x.node.inputs[0]! : x);
  const fills = (x: Output) => x.shape.join() === shape.join() && spread(x) === x;
  if (type !== DataType.float32 || fills(a) === fills(b)) return undefined;
  return spread(a) === a && spread(b) === b ? undefined : [floatOp(op, [spread(a), spread(b)], shape)];
};

/** `values` multiplied or divided by a scalar. */
export function scaled(op: "Mul" | "RealDiv", values: Output, factor: Output): Output {
  const { node } = values;
  if (node.op !== "BroadcastTo" && node.op !== "Reshape") return floatOp(op, [values, factor]);
  const [inner, ...rest] = node.inputs;
  return makeNode(node.op, [scaled(op, inner!, factor), ...rest], node.attributes, node.outputs).outputs[0]!;
}

function broadcast(values: Output, shape: readonly number[]): Output {
  if (values.shape.join() === shape.join()) return values;
  const attributes = { T: attribute.type(DataType.float32), Tidx: attribute.type(DataType.int32) };
  const target = constant(DataType.int32, [shape.length], Int32Array.from(shape));
  return makeNode("BroadcastTo", [values, target], attributes, [{ type: values.type, shape }]).outputs[0]!;
}

function isOnes({ node, type, shape }: Output, wanted: readonly number[]): boolean {
  const { value } = node.attributes;
  if (type !== DataType.float32 || shape.join() !== wanted.join() || value?.kind !== "tensor") return false;
  return new Float32Array(value.bytes.buffer).every((number) => number === 1);
}
