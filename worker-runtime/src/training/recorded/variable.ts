import { sizeOf } from "../flat.ts";
import { attribute, DataType, makeNode, type Node, type Output } from "./graph.ts";

/** The handle of a float32 tensor that the session keeps from one run to the next (a TensorFlow resource variable). */
export function makeVariable(name: string, shape: readonly number[]): Output {
  const attributes = {
    dtype: attribute.type(DataType.float32),
    shape: attribute.shape(shape),
    shared_name: attribute.string(name),
    container: attribute.string(""),
  };
  return makeNode("VarHandleOp", [], attributes, [{ type: DataType.resource, shape }]).outputs[0]!;
}

const float32 = { dtype: attribute.type(DataType.float32) };

export function readVariable(handle: Output): Output {
  const tensor = { type: DataType.float32, shape: handle.shape };
  return makeNode("ReadVariableOp", [handle], float32, [tensor]).outputs[0]!;
}

export function assignVariable(handle: Output, value: Output): Node {
  return makeNode("AssignVariableOp", [handle, value], float32, []);
}

/** Reads rows of a variable, without the copy that reading all of it needs where its rows are changed by `subtractRows`. */
export function gatherRows(handle: Output, indices: Output, shape: readonly number[]): Output {
  const attributes = { ...float32, Tindices: attribute.type(indices.type) };
  const tensor = { type: DataType.float32, shape };
  return makeNode("ResourceGather", [handle, indices], attributes, [tensor]).outputs[0]!;
}

/** Subtracts rows from those of a variable that `indices` name; a row that is named twice is subtracted from twice. */
export function subtractRows(handle: Output, indices: Output, rows: Output, after: readonly Node[]): Node {
  const attributes = { ...float32, Tindices: attribute.type(indices.type) };
  return makeNode("ResourceScatterSub", [handle, indices, rows], attributes, [], after);
}

/**
 * The same by a kernel of our own (tools/setup/table-rows.cc), which changes the memory that reading the variable gives.
 * It is the variable's own as long as none of TensorFlow's own operations for rows (ResourceGather, ResourceScatterSub) saw
 * the variable, and nobody else holds it: the session is set from copies, and what is fetched is freed before the next step.
 */
export function subtractRowsQuickly(handle: Output, indices: Output, rows: Output, after: readonly Node[]): Node {
  const table = makeNode("ReadVariableOp", [handle], float32, [{ type: DataType.float32, shape: handle.shape }], after);
  const [count, ...row] = handle.shape as [number, ...number[]];
  const [once, repeat] = withoutRepeats(rows, sizeOf(row));
  const geometry = { kind: "ints", value: [count, sizeOf(row), repeat] } as const;
  return makeNode("TrivetSubtractRows", [table.outputs[0]!, indices, once], { geometry }, []);
}

/** Rows before each of them is spread to several, and to how many. */
function withoutRepeats(rows: Output, rowLength: number): [Output, number] {
  const { op, inputs } = rows.node;
  if (op === "Reshape") return withoutRepeats(inputs[0]!, rowLength);
  if (op !== "BroadcastTo") return [rows, 1];
  const { shape } = rows;
  const axis = shape.findIndex((_, i) => sizeOf(shape.slice(i + 1)) === rowLength);
  const isSpreadThere = inputs[0]!.shape.join() === shape.with(axis, 1).join();
  return isSpreadThere ? [inputs[0]!, shape[axis]!] : [rows, 1];
}
