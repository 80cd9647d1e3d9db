import type * as tfjs from "@tensorflow/tfjs";
import type { Tf } from "../models/model.ts";
import { DataType } from "./recorded/graph.ts";

/** A value of an op's attribute as tfjs-node hands it to TensorFlow; `type` is one of the binding's `TF_ATTR_*`. */
export interface OpAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** A tensor that TensorFlow holds: its number in the binding, its shape, and its type (tensorflow/core/framework/types.proto). */
export interface NativeTensor {
  readonly id: number;
  readonly shape: number[];
  readonly dtype: number;
}

export type NativeValues = Float32Array | Int32Array | Uint8Array | BigInt64Array;

/** The part that Trivet uses of tfjs-node's binding to TensorFlow's C library (tfjs-node/binding/tfjs_binding.cc). */
export interface Binding {
  readonly TF_Version: string;
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_SHAPE: number;
  /** Shares `values` with TensorFlow until the tensor is deleted; strings, given as bytes, are copied. */
  createTensor(shape: readonly number[], dtype: number, values: NativeValues | readonly Uint8Array[]): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): NativeValues;
  executeOp(
    op: string,
    attributes: readonly OpAttribute[],
    inputIds: readonly number[],
    outputs: number,
  ): NativeTensor[];
  loadSavedModel(folder: string, tags: string): number;
  deleteSavedModel(id: number): void;
  /** `inputs` and `outputs`: names such as `a:0`, joined by commas. */
  runSavedModel(id: number, inputIds: readonly number[], inputs: string, outputs: string): NativeTensor[];
}

/** tfjs-node's backend. `binding` may be replaced by a wrapper, which is how a step is recorded. */
export interface NativeBackend {
  binding: Binding;
  /** Whether the binding is the one that tools/setup compiles, with kernels of our own for exact products. */
  readonly hasOwnKernels: boolean;
  getInputTensorIds(tensors: readonly tfjs.TensorInfo[]): number[];
  createOutputTensor(tensor: NativeTensor): tfjs.Tensor;
  executeMultipleOutputs(
    op: string,
    attributes: readonly OpAttribute[],
    inputs: readonly tfjs.TensorInfo[],
    outputs: number,
  ): tfjs.Tensor[];
}

export function nativeBackend(tf: Tf): NativeBackend {
  const native = tf.backend() as unknown as NativeBackend;
  return Object.assign(native, { hasOwnKernels: hasKernel(native.binding, "TrivetPower") });
}

function hasKernel(binding: Binding, op: string): boolean {
  const input = binding.createTensor([], DataType.float32, Float32Array.of(1));
  try {
    for (const { id } of binding.executeOp(op, [], [input], 1)) binding.deleteTensor(id);
    return true;
  } catch {
    return false;
  } finally {
    binding.deleteTensor(input);
  }
}
