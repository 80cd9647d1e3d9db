import type { OptimizerSection } from "../../job/document.ts";
import { sizeOf } from "../flat.ts";
import {
  attribute,
  constant,
  DataType,
  floatOp,
  identity,
  makeNode,
  type Node,
  type Output,
  placeholder,
  type Rule,
  rewrite,
  scalar,
  topologicalOrder,
} from "./graph.ts";
import type { Recording } from "./recording.ts";
import type { Names } from "./saved-model.ts";
import { updates, updatesByRows, type Variables } from "./update.ts";
import { assignVariable, gatherRows, readVariable } from "./variable.ts";

export interface TrainingGraph {
  readonly names: Names;
  /** For each parameter, whether its update subtracts the rows of its gradient one by one. */
  readonly byRows: readonly boolean[];
}

/**
 * A training step as a graph whose variables hold weights and optimizer state, so that a step is fed with the batch alone.
 *
 * Names: `feed<i>` the batch, `rate` the learning rate, `loss` the loss, which is there when all variables are updated;
 * `gradient<i>` what parameter i's update comes from; `value<i>` what variable i is set to when `set` is fetched; `weights`
 * and, where there is any, `state` what the variables are, each as one vector.
 *
 * @param hasOwnKernels whether the binding has the kernels of tools/setup, which are used then
 * @param recording inputs: the parameters, then the feeds; outputs: the loss, then the parameters' gradients.
 */
export function trainingGraph(
  { inputs, outputs }: Recording,
  optimizer: OptimizerSection,
  variables: Variables,
  passes: readonly Rule[],
  hasOwnKernels = false,
): TrainingGraph {
  const { parameters, slots, scalars } = variables;
  const rules = [residentParameters(inputs, parameters, hasOwnKernels), ...passes];
  const [loss, ...gradients] = rules.reduce(rewrite, [...outputs]) as [Output, ...Output[]];
  const rate = placeholder({ type: DataType.float32, shape: [] });
  const readers = readersOf(parameters, [loss, ...gradients]);
  const state = [...slots.flat(), ...scalars];
  const all = [...parameters, ...state];
  // TensorFlow lets a variable share the memory of the value it is set to, which is that of a JavaScript array here.
  const values = all.map(({ shape }) => placeholder({ type: DataType.float32, shape }));
  const set = all.map((handle, i) => assignVariable(handle, floatOp("DeepCopy", [values[i]!])));
  const named = (prefix: string, list: readonly Output[]) =>
    list.map((output, i) => [`${prefix}${i}`, output] as const);
  const names = {
    rate,
    loss: identity(loss, updates(optimizer, variables, loss, gradients, rate, readers, hasOwnKernels)),
    set: identity(scalar(0), set),
    ...Object.fromEntries([
      ...named("feed", inputs.slice(parameters.length)),
      ...named(
        "gradient",
        gradients.map((gradient) => identity(gradient)),
      ),
      ...named("value", values),
    ]),
    weights: identity(joined(parameters.map(readVariable))),
    ...(state.length > 0 && { state: identity(joined(state.map(readVariable))) }),
  };
  return { names, byRows: gradients.map((gradient) => updatesByRows(optimizer, gradient)) };
}

/** Reads parameters from the session instead of a feed. */
function residentParameters(inputs: readonly Output[], parameters: readonly Output[], hasOwnKernels: boolean): Rule {
  const reads = new Map(parameters.map((handle, i) => [inputs[i]!.node, readVariable(handle)]));
  return (node) => {
    const read = reads.get(node);
    if (read !== undefined) return [read];
    if (hasOwnKernels) return undefined;
    const table = node.op === "GatherV2" ? node.inputs[0]!.node : undefined;
    if (table?.op !== "ReadVariableOp" || !gathersRows(node)) return undefined;
    return [gatherRows(table.inputs[0]!, node.inputs[1]!, node.outputs[0]!.shape)];
  };
}

/** Whether a gather takes whole rows: along the first axis, without batch dimensions. */
function gathersRows({ inputs, attributes }: Node): boolean {
  const axis = inputs[2]!.node.attributes.value;
  const batch = attributes.batch_dims;
  return (
    axis?.kind === "tensor" && axis.bytes.every((byte) => byte === 0) && batch?.kind === "int" && batch.value === 0
  );
}

/** All numbers, one tensor after the other. */
function joined(tensors: readonly Output[]): Output {
  const vectors = tensors.map((tensor) => {
    const attributes = { T: attribute.type(DataType.float32), Tshape: attribute.type(DataType.int32) };
    const shape = constant(DataType.int32, [1], Int32Array.of(-1));
    const vector = { type: DataType.float32, shape: [sizeOf(tensor.shape)] };
    return makeNode("Reshape", [tensor, shape], attributes, [vector]).outputs[0]!;
  });
  if (vectors.length === 1) return vectors[0]!;
  const attributes = {
    N: { kind: "int", value: vectors.length } as const,
    T: attribute.type(DataType.float32),
    Tidx: attribute.type(DataType.int32),
  };
  const axis = constant(DataType.int32, [], Int32Array.of(0));
  const vector = { type: DataType.float32, shape: [vectors.reduce((sum, { shape }) => sum + shape[0]!, 0)] };
  return makeNode("ConcatV2", [...vectors, axis], attributes, [vector]).outputs[0]!;
}

/** For each variable, the nodes that read it. */
function readersOf(handles: readonly Output[], roots: readonly Output[]): Node[][] {
  const readers = new Map<Output, Node[]>(handles.map((handle) => [handle, []]));
  for (const node of topologicalOrder(roots.map(({ node }) => node))) {
    if (node.inputs[0]?.type === DataType.resource) readers.get(node.inputs[0])!.push(node);
  }
  return handles.map((handle) => readers.get(handle)!);
}
