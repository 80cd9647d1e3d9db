import { sizeOf } from "../flat.ts";
import { attribute, constant, DataType, makeNode, type Node, type Output } from "../recorded/graph.ts";
import { int32, int32Scalar, node, reshape, slice } from "./nodes.ts";

/**
 * TensorFlow computes functions such as exp with polynomials on packets of 8 numbers (AVX), which are the same on every CPU
 * since one build has one such code. What is left over at the end of a tensor goes through the C library instead, which
 * rounds otherwise and chooses by CPU. So a tensor is filled up to whole packets.
 */
const packet = 8;

export function inWholePackets({ op, inputs, attributes, outputs }: Node): Output[] {
  const [{ type, shape }] = outputs as [Output];
  const size = sizeOf(shape);
  const missing = (packet - (size % packet)) % packet;
  const call = (filled: readonly Output[]) => makeNode(op, filled, attributes, [{ type, shape: filled[0]!.shape }]);
  const same = inputs.map((input) => broadcastTo(input, shape));
  if (missing === 0) return [call(same).outputs[0]!];
  const flat = call(same.map((input) => filledUp(reshape(input, [size]), missing))).outputs[0]!;
  return [reshape(slice(flat, [0], [size]), shape)];
}

function filledUp(x: Output, missing: number): Output {
  const attributes = {
    N: { kind: "int", value: 2 } as const,
    T: attribute.type(x.type),
    Tidx: attribute.type(DataType.int32),
  };
  const ones = constant(x.type, [missing], new Float32Array(missing).fill(1));
  return node("ConcatV2", [x, ones, int32Scalar(0)], { shape: [x.shape[0]! + missing] }, attributes);
}

/** A tensor spread to a shape, unless it has it. */
export function broadcastTo(x: Output, shape: readonly number[]): Output {
  if (x.shape.join() === shape.join()) return x;
  const attributes = { T: attribute.type(x.type), Tidx: attribute.type(DataType.int32) };
  return node("BroadcastTo", [x, int32(...shape)], { shape }, attributes);
}

/** A function of one float32 tensor, in whole packets. */
export function functionOf(op: "Exp" | "Log", x: Output): Output {
  return inWholePackets(node(op, [x]).node)[0]!;
}
