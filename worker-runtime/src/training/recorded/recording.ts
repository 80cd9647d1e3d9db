import type * as tfjs from "@tensorflow/tfjs";
import type { Binding, NativeBackend, NativeValues, OpAttribute } from "../native.ts";
import { type Attribute, type Attributes, attribute, constant, makeNode, type Output, placeholder } from "./graph.ts";
import { noteOrigin } from "./origin.ts";

/** What a function of tensors did, as a graph from its inputs (placeholders) to its outputs. */
export interface Recording {
  readonly inputs: readonly Output[];
  readonly outputs: readonly Output[];
}

/** Why a function cannot be recorded. */
export class NotRecordable extends Error {
  override readonly name = "NotRecordable";
}

/**
 * Runs a function of tensors and notes each operation that TensorFlow executes for it. The operations of tfjs-node carry
 * TensorFlow's own names and attributes, and its gradients are operations too, so what was noted is a TensorFlow graph.
 * A tensor that the function makes from JavaScript values becomes a constant.
 *
 * @returns the recording beside what the function gave.
 * @throws NotRecordable when the function reads the value of a tensor, by which it could branch.
 */
export function record<Result extends readonly tfjs.Tensor[]>(
  native: NativeBackend,
  inputs: readonly tfjs.Tensor[],
  run: () => Result,
): { recording: Recording; result: Result } {
  const recorder = new Recorder(native.binding);
  const recordedInputs = native.getInputTensorIds(inputs).map((id) => recorder.input(id));
  const real = native.binding;
  // The binding's own properties are read-only, so a wrapper shadows the two functions that matter.
  native.binding = {
    __proto__: real,
    executeOp: recorder.executeOp.bind(recorder),
    tensorDataSync: recorder.read.bind(recorder),
  } as unknown as Binding;
  try {
    const result = run();
    const outputs = native.getInputTensorIds(result).map((id) => recorder.output(id));
    recorder.refuseReads();
    return { recording: { inputs: recordedInputs, outputs }, result };
  } finally {
    native.binding = real;
  }
}

class Recorder {
  readonly #binding: Binding;
  /** The graph's output behind each tensor of the binding. */
  readonly #known = new Map<number, Output>();
  /** Tensors that were read and do not come from constants alone. */
  readonly #reads = new Set<number>();

  constructor(binding: Binding) {
    this.#binding = binding;
  }

  input(id: number): Output {
    const { type, shape } = this.#describe(id);
    const output = placeholder({ type, shape });
    this.#known.set(id, output);
    return output;
  }

  /** The graph's output for a tensor; one that no recorded operation made is a constant. */
  output(id: number): Output {
    let output = this.#known.get(id);
    if (output === undefined) {
      const { type, shape } = this.#describe(id);
      output = constant(type, shape, this.#binding.tensorDataSync(id));
      this.#known.set(id, output);
    }
    return output;
  }

  executeOp(op: string, attributes: readonly OpAttribute[], inputIds: readonly number[], count: number) {
    // tfjs-node reads the indices of a gather to check that they are in range. TensorFlow checks that too.
    if (op === "GatherV2") this.#reads.delete(inputIds[1]!);
    const inputs = inputIds.map((id) => this.output(id));
    const tensors = this.#binding.executeOp(op, attributes, inputIds, count);
    const outputs = tensors.map(({ dtype, shape }) => ({ type: dtype, shape }));
    const node = makeNode(op, inputs, { ...inferred(op, inputs), ...this.#attributes(op, attributes) }, outputs);
    noteOrigin(node);
    tensors.forEach(({ id }, i) => {
      this.#known.set(id, node.outputs[i]!);
    });
    return tensors;
  }

  read(id: number): NativeValues {
    if (this.#known.has(id) && this.#known.get(id)!.node.op !== "Const") this.#reads.add(id);
    return this.#binding.tensorDataSync(id);
  }

  refuseReads(): void {
    if (this.#reads.size > 0) throw new NotRecordable("it reads the values of a tensor while it runs");
  }

  /** Type and shape of a tensor, which the binding tells only of what an operation gives. */
  #describe(id: number): { type: number; shape: number[] } {
    const [copy] = this.#binding.executeOp("Identity", [], [id], 1);
    this.#binding.deleteTensor(copy!.id);
    return { type: copy!.dtype, shape: copy!.shape };
  }

  #attributes(op: string, attributes: readonly OpAttribute[]): Attributes {
    return Object.fromEntries(attributes.map(({ name, type, value }) => [name, this.#attribute(op, type, value)]));
  }

  #attribute(op: string, type: number, value: unknown): Attribute {
    const b = this.#binding;
    if (type === b.TF_ATTR_INT && Array.isArray(value)) return { kind: "ints", value };
    if (type === b.TF_ATTR_INT && typeof value === "number" && Number.isInteger(value)) return { kind: "int", value };
    if (type === b.TF_ATTR_FLOAT && typeof value === "number") return { kind: "float", value };
    if (type === b.TF_ATTR_TYPE && typeof value === "number") return { kind: "type", value };
    if (type === b.TF_ATTR_SHAPE && Array.isArray(value)) return { kind: "shape", value };
    if (type === b.TF_ATTR_STRING && typeof value === "string") return { kind: "string", value };
    if (typeof value === "boolean") return { kind: "bool", value };
    throw new NotRecordable(`it uses the operation ${op} with an attribute that a graph cannot have`);
  }
}

/** Attributes that tfjs-node leaves out, since TensorFlow infers them where it runs an operation by itself. */
function inferred(op: string, inputs: readonly Output[]): Attributes {
  return op === "ExpandDims" ? { T: attribute.type(inputs[0]!.type), Tdim: attribute.type(inputs[1]!.type) } : {};
}
