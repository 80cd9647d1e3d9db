import { DataType, floatOp, type Output, type Rule } from "../graph.ts";

/** Adds a vector along the last axis by `BiasAdd`, which TensorFlow fuses with the product or convolution before it. */
export const addAsBias: Rule = ({ op, inputs, outputs }) => {
  if (op !== "Add" && op !== "AddV2") return undefined;
  const [a, b] = inputs as [Output, Output];
  if (isBias(b, a)) return [floatOp("BiasAdd", [a, b], outputs[0]!.shape)];
  if (isBias(a, b)) return [floatOp("BiasAdd", [b, a], outputs[0]!.shape)];
  return undefined;
};

function isBias(bias: Output, values: Output): boolean {
  const rank = values.shape.length;
  return (
    bias.type === DataType.float32 && bias.shape.length === 1 && rank >= 2 && values.shape[rank - 1] === bias.shape[0]
  );
}
