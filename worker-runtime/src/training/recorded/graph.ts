/**
 * A TensorFlow graph in plain objects, as passes read and rewrite it. Edges are references, so a graph is whatever can be
 * reached from the outputs one asks for: there is no list of nodes to keep in step, and nothing dead to sweep away.
 */

/** Numbers of tensorflow/core/framework/types.proto. */
export const DataType = { float32: 1, float64: 2, int32: 3, string: 7, int64: 9, bool: 10, resource: 20 } as const;

export type Attribute =
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "int" | "float" | "type"; readonly value: number }
  | { readonly kind: "bool"; readonly value: boolean }
  | { readonly kind: "shape" | "ints"; readonly value: readonly number[] }
  | { readonly kind: "tensor"; readonly type: number; readonly shape: readonly number[]; readonly bytes: Uint8Array };

export type Attributes = Readonly<Record<string, Attribute>>;

/** One use of an operation of TensorFlow, with TensorFlow's own names of operations and attributes. */
export interface Node {
  readonly op: string;
  readonly inputs: readonly Output[];
  readonly attributes: Attributes;
  /** Nodes that must have run before this one, besides those it takes values from. */
  readonly after: readonly Node[];
  readonly outputs: readonly Output[];
}

/** What a node gives: a tensor of known type and shape. */
export interface Output {
  readonly node: Node;
  readonly index: number;
  readonly type: number;
  readonly shape: readonly number[];
}

export interface TensorType {
  readonly type: number;
  readonly shape: readonly number[];
}

/** Makes a node. `outputs`: type and shape of each of its outputs, in order. */
export function makeNode(
  op: string,
  inputs: readonly Output[],
  attributes: Attributes,
  outputs: readonly TensorType[],
  after: readonly Node[] = [],
): Node {
  const made: Output[] = [];
  const node: Node = { op, inputs, attributes, after, outputs: made };
  outputs.forEach(({ type, shape }, index) => {
    made.push({ node, index, type, shape });
  });
  return node;
}

/** Shorthands for attributes. */
export const attribute = {
  string: (value: string): Attribute => ({ kind: "string", value }),
  bool: (value: boolean): Attribute => ({ kind: "bool", value }),
  type: (value: number): Attribute => ({ kind: "type", value }),
  shape: (value: readonly number[]): Attribute => ({ kind: "shape", value }),
};

/** A tensor that is fed at each run. */
export function placeholder({ type, shape }: TensorType): Output {
  const attributes = { dtype: attribute.type(type), shape: attribute.shape(shape) };
  return makeNode("Placeholder", [], attributes, [{ type, shape }]).outputs[0]!;
}

export function constant(type: number, shape: readonly number[], values: ArrayBufferView): Output {
  const bytes = Uint8Array.from(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  const attributes = { dtype: attribute.type(type), value: { kind: "tensor", type, shape, bytes } as const };
  return makeNode("Const", [], attributes, [{ type, shape }]).outputs[0]!;
}

/** A float32 scalar that never changes. */
export function scalar(value: number): Output {
  return constant(DataType.float32, [], Float32Array.of(value));
}

/** An operation on float32 tensors that gives one float32 tensor and has no attribute but its type. */
export function floatOp(op: string, inputs: readonly Output[], shape: readonly number[] = inputs[0]!.shape): Output {
  return makeNode(op, inputs, { T: attribute.type(DataType.float32) }, [{ type: DataType.float32, shape }]).outputs[0]!;
}

/** The same tensor under a node of its own, which runs when all of `after` have. */
export function identity(input: Output, after: readonly Node[] = []): Output {
  return makeNode("Identity", [input], { T: attribute.type(input.type) }, [input], after).outputs[0]!;
}

/** The nodes that can be reached from `roots`, each after those that it needs. */
export function topologicalOrder(roots: readonly Node[]): Node[] {
  const order = new Set<Node>();
  // An explicit stack: long chains of operations would overflow the call stack.
  const stack = [...roots].reverse();
  while (stack.length > 0) {
    const node = stack.at(-1)!;
    const missing = [...node.inputs.map((input) => input.node), ...node.after].filter((needed) => !order.has(needed));
    if (missing.length === 0) {
      order.add(node);
      stack.pop();
    } else {
      stack.push(...missing.reverse());
    }
  }
  return [...order];
}

/** What a rule puts in place of a node: an output for each of the node's, or undefined to leave it. */
export type Rule = (node: Node) => readonly Output[] | undefined;

/** The graph with a rule applied wherever it fits, from the inputs on: it sees a node whose inputs are already rewritten. */
export function rewrite(roots: readonly Output[], rule: Rule): Output[] {
  const replaced = new Map<Output, Output>();
  const now = (output: Output) => replaced.get(output) ?? output;
  for (const old of topologicalOrder(roots.map(({ node }) => node))) {
    const stale = old.inputs.some((input) => replaced.has(input));
    const node = stale ? makeNode(old.op, old.inputs.map(now), old.attributes, old.outputs, old.after) : old;
    const outputs = rule(node) ?? node.outputs;
    old.outputs.forEach((output, i) => {
      if (outputs[i] !== output) replaced.set(output, outputs[i]!);
    });
  }
  return roots.map(now);
}
