import { floatOp, makeNode, type Output, type Rule } from "../graph.ts";

/**
 * Relu after the maximum of each window instead of before, where it has fewer numbers: the largest of what relu gives is
 * what relu gives for the largest.
 */
export const poolBeforeRelu: Rule = ({ op, inputs, attributes, outputs }) => {
  if (op !== "MaxPool" || inputs[0]!.node.op !== "Relu") return undefined;
  const pooled = makeNode(op, inputs[0]!.node.inputs, attributes, outputs).outputs[0]!;
  return [floatOp("Relu", [pooled], pooled.shape)];
};

/**
 * Their gradients change places likewise. A window whose largest number relu lets through has the same place for it before
 * and after relu; any other has a gradient of zero.
 */
export const reluGradientBeforePool: Rule = ({ op, inputs }) => {
  if (op !== "ReluGrad") return undefined;
  const [{ node: pool }, relu] = inputs as [Output, Output];
  const [data, pooled, gradient] = pool.inputs as [Output, Output, Output];
  if (pool.op !== "MaxPoolGrad" || data !== relu || pooled.node.op !== "Relu") return undefined;
  const passed = floatOp("ReluGrad", [gradient, pooled], gradient.shape);
  return makeNode(pool.op, [relu.node.inputs[0]!, pooled.node.inputs[0]!, passed], pool.attributes, pool.outputs)
    .outputs;
};
