import type * as tfjs from "@tensorflow/tfjs";
import type { Tf } from "../models/model.ts";

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
  return tf.backend() as unknown as NativeBackend;
}
