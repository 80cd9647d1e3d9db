import type { Build, Loss } from "@trivet/worker-runtime/models/custom/module";

/*
 * A network of two dense layers. Trivet sends this file to the workers as it is, so it may import types and Node's own
 * modules, but no other files.
 */

const hidden = 128;

/** Called once in each worker. `inputShape` is that of one example; `labels` are the names of the classes. */
export const build: Build = ({ inputShape, labels = [] }) => {
  const inputs = inputShape.reduce((product, length) => product * length, 1);
  return {
    // What is trained, and how it starts.
    parameters: [
      { name: "hidden/kernel", shape: [inputs, hidden], initialiser: { kind: "he" } },
      { name: "hidden/bias", shape: [hidden], initialiser: { kind: "zeros" } },
      { name: "output/kernel", shape: [hidden, labels.length], initialiser: { kind: "glorot" } },
      { name: "output/bias", shape: [labels.length], initialiser: { kind: "zeros" } },
    ],
    // A pure function of tensors: it is recorded once and then runs as one TensorFlow graph. Gives a score for each class.
    outputs(tf, weights, input) {
      const [hiddenKernel, hiddenBias, outputKernel, outputBias] = weights;
      const flat = tf.reshape(input, [-1, inputs]);
      const activations = tf.relu(tf.add(tf.matMul(flat, hiddenKernel!), hiddenBias!));
      return tf.add(tf.matMul(activations, outputKernel!), outputBias!);
    },
  };
};

/** The mean loss of a batch. `label` has the number of each example's class. */
export const loss: Loss = (tf, outputs, label) => {
  return tf.losses.softmaxCrossEntropy(tf.oneHot(label, outputs.shape[1]!), outputs);
};
