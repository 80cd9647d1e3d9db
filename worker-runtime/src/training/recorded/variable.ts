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

/** Reads rows of a variable, without the copy that reading all of it may need. */
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
