import type { Build, Loss } from "@trivet/worker-runtime/models/custom/module";

/*
 * A network of one hidden layer over the columns of a table. Trivet sends this file to the workers as it is, so it may
 * import types and Node's own modules, but no other files.
 */

const hidden = 32;

/** Called once in each worker. `inputs` are the columns that are fed, `labels` the names of the classes. */
export const build: Build = ({ inputs = [], labels = [] }) => {
  return {
    // What is trained, and how it starts.
    parameters: [
      { name: "hidden/kernel", shape: [inputs.length, hidden], initialiser: { kind: "he" } },
      { name: "hidden/bias", shape: [hidden], initialiser: { kind: "zeros" } },
      { name: "output/kernel", shape: [hidden, labels.length], initialiser: { kind: "glorot" } },
      { name: "output/bias", shape: [labels.length], initialiser: { kind: "zeros" } },
    ],
    // A pure function of tensors: it is recorded once and then runs as one TensorFlow graph. Gives a score for each label.
    outputs(tf, [hiddenKernel, hiddenBias, outputKernel, outputBias], input) {
      const activations = tf.relu(tf.add(tf.matMul(input, hiddenKernel!), hiddenBias!));
      return tf.add(tf.matMul(activations, outputKernel!), outputBias!);
    },
  };
};

/** The mean loss of a batch. `label` has the number of each example's label. */
export const loss: Loss = (tf, outputs, label) => {
  return tf.losses.softmaxCrossEntropy(tf.oneHot(label, outputs.shape[1]!), outputs);
};
