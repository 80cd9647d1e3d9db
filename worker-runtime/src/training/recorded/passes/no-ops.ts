import type { Node, Output, Rule } from "../graph.ts";

/** Drops operations that give what they get: reshapes and casts to what a tensor is already, transposes that keep the order. */
export const dropNoOps: Rule = (node) => (givesItsInput(node) ? [node.inputs[0]!] : undefined);

function givesItsInput({ op, inputs, outputs }: Node): boolean {
  const [input, other] = inputs;
  switch (op) {
    case "Identity":
      return true;
    case "Cast":
      return input!.type === outputs[0]!.type;
    case "Reshape":
      return input!.shape.join() === outputs[0]!.shape.join();
    case "Transpose":
      return wholeNumbers(other!)?.every((axis, i) => axis === i) ?? false;
    default:
      return false;
  }
}

/** The values of an int32 constant. */
function wholeNumbers({ node }: Output): Int32Array | undefined {
  const { value } = node.attributes;
  return value?.kind === "tensor" ? new Int32Array(value.bytes.buffer) : undefined;
}
