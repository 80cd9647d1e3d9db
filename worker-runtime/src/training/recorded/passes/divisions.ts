import { DataType, floatOp, type Rule } from "../graph.ts";

/**
 * Where TensorFlow rewrites graphs, as it does with the binding of tfjs-node's own installer (ours forbids it:
 * tools/setup/session.cc), it turns the division by a constant into the product with its reciprocal, which rounds
 * differently (`ReduceDivToReciprocalMul` in tensorflow/core/grappler/optimizers/constant_folding.cc). It knows nothing of
 * `DivNoNan`, the same division but for a divisor of zero.
 */
export const keepDivisions: Rule = ({ op, inputs, outputs }) => {
  const [dividend, divisor] = inputs;
  const value = divisor?.node.attributes.value;
  if (op !== "RealDiv" || divisor!.type !== DataType.float32 || value?.kind !== "tensor") return undefined;
  if (new Float32Array(value.bytes.buffer).includes(0)) return undefined;
  return [floatOp("DivNoNan", [dividend!, divisor!], outputs[0]!.shape)];
};
