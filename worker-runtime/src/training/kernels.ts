import type * as tfjs from "@tensorflow/tfjs";
import type { Tf } from "../models/model.ts";
import type { NativeBackend, OpAttribute } from "./native.ts";
import { DataType } from "./recorded/graph.ts";

/**
 * Lets tfjs-node use TensorFlow's own operations where it makes do with others: plain matrix products, the gradients of
 * relu and of an added bias, and softmax cross-entropy. They round differently from what they replace, in the last bits.
 * They define what a step computes, whether it runs op by op or recorded.
 *
 * @returns `tf` with its own `losses`, which are functions and not kernels.
 */
export function withTensorFlowKernels(tf: Tf, native: NativeBackend): Tf {
  const { binding } = native;
  const T: OpAttribute = { name: "T", type: binding.TF_ATTR_TYPE, value: DataType.float32 };
  const bool = (name: string, value: boolean): OpAttribute => ({ name, type: binding.TF_ATTR_BOOL, value });
  const run = (op: string, attributes: readonly OpAttribute[], inputs: readonly tfjs.TensorInfo[], outputs = 1) =>
    native.executeMultipleOutputs(op, [T, ...attributes], inputs, outputs);

  replaceKernel(tf, "BatchMatMul", (inputs, attributes) => {
    const [a, b] = [inputs.a!, inputs.b!];
    if (a.shape.length !== 2 || b.shape.length !== 2 || a.dtype !== "float32" || b.dtype !== "float32")
      return undefined;
    const { transposeA, transposeB } = attributes as { transposeA: boolean; transposeB: boolean };
    return run("MatMul", [bool("transpose_a", transposeA), bool("transpose_b", transposeB)], [a, b])[0];
  });

  // The gradient of an added bias is a sum over all axes but the last.
  replaceKernel(tf, "Sum", (inputs, attributes) => {
    const x = inputs.x!;
    const { axis, keepDims } = attributes as { axis: number | number[]; keepDims: boolean };
    const axes = tf.util.parseAxisParam(axis, x.shape);
    const rest = x.shape.length - 1;
    if (x.dtype !== "float32" || keepDims || rest < 1 || axes.length !== rest || axes.includes(rest)) return undefined;
    return run("BiasAddGrad", [], [x])[0];
  });

  // TensorFlow's own kernel rounds differently in a graph, where it is oneDNN's.
  replaceKernel(tf, "Softmax", (inputs, attributes) => {
    const logits = inputs.logits as tfjs.Tensor;
    if (logits.dtype !== "float32") return undefined;
    const { dim } = attributes as { dim: number };
    return tf.tidy(() => {
      const powers = tf.exp(tf.sub(logits, tf.max(logits, dim, true)));
      return tf.div(powers, tf.sum(powers, dim, true));
    });
  });

  tf.registerKernel({
    kernelName: "ReluGrad",
    backendName: "tensorflow",
    kernelFunc: ({ inputs }) => run("ReluGrad", [], [inputs.dy!, inputs.y!])[0]!,
  });
  const reluGrad = (dy: tfjs.Tensor, y: tfjs.Tensor) => tf.engine().runKernel("ReluGrad", { dy, y }) as tfjs.Tensor;
  tf.registerGradient({
    kernelName: "ReluGrad",
    inputsToSave: ["y"],
    gradFunc: (d, [y]) => ({ dy: () => reluGrad(d as tfjs.Tensor, y!), y: () => tf.zerosLike(y!) }),
  });
  // From the output and not the input, which TensorFlow can then fuse away.
  tf.registerGradient({
    kernelName: "Relu",
    outputsToSave: [true],
    gradFunc: (dy, [y]) => ({ x: () => reluGrad(dy as tfjs.Tensor, y!) }),
  });

  tf.registerKernel({
    kernelName: "SoftmaxCrossEntropyWithLogits",
    backendName: "tensorflow",
    // The losses, and what their gradient with respect to the logits is for a dy of 1.
    kernelFunc: ({ inputs }) => run("SoftmaxCrossEntropyWithLogits", [], [inputs.logits!, inputs.labels!], 2),
  });
  // A kernel of its own without a gradient, so that a second derivative fails instead of being wrong.
  tf.registerKernel({
    kernelName: "SoftmaxCrossEntropyGrad",
    backendName: "tensorflow",
    kernelFunc: ({ inputs }) => tf.mul((inputs.dy as tfjs.Tensor).expandDims(1), inputs.slope as tfjs.Tensor),
  });
  tf.registerGradient({
    kernelName: "SoftmaxCrossEntropyWithLogits",
    inputsToSave: ["logits"],
    outputsToSave: [false, true],
    gradFunc: (dys, [logits, slope]) => {
      const dy = (dys as tfjs.Tensor[])[0]!;
      return {
        logits: () => tf.engine().runKernel("SoftmaxCrossEntropyGrad", { dy, slope: slope! }) as tfjs.Tensor,
        labels: () => dy.expandDims(1).mul(tf.logSoftmax(logits!).neg()),
      };
    },
  });
  const softmaxCrossEntropy: typeof tf.losses.softmaxCrossEntropy = (labels, logits, weights, smoothing, reduction) => {
    if (!isMatrix(tf, labels) || !isMatrix(tf, logits) || weights || smoothing) {
      return tf.losses.softmaxCrossEntropy(labels, logits, weights, smoothing, reduction);
    }
    const inputs = { logits: tf.cast(logits, "float32"), labels: tf.cast(labels, "float32") };
    const [losses] = tf.engine().runKernel("SoftmaxCrossEntropyWithLogits", inputs) as tfjs.Tensor[];
    return tf.losses.computeWeightedLoss(losses!, undefined, reduction);
  };
  return { ...tf, losses: { ...tf.losses, softmaxCrossEntropy } };
}

function isMatrix(tf: Tf, value: unknown): value is tfjs.Tensor2D {
  return value instanceof tf.Tensor && value.rank === 2;
}

/** Puts `run` before a kernel of tfjs-node, which still does what `run` leaves undefined. */
function replaceKernel(
  tf: Tf,
  kernelName: string,
  run: (inputs: tfjs.NamedTensorInfoMap, attributes: object) => tfjs.TensorInfo | undefined,
): void {
  const original = tf.getKernel(kernelName, "tensorflow");
  tf.unregisterKernel(kernelName, "tensorflow");
  tf.registerKernel({
    ...original,
    kernelFunc: (call) => run(call.inputs, call.attrs as object) ?? original.kernelFunc(call),
  });
}
