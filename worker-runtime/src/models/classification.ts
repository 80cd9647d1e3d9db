import type { Sums } from "./model.ts";

/** What all classifiers share: the model's outputs are one probability for each label, and are judged and told alike. */

/** The least probability that counts for the loss, so that one sure mistake does not make it infinite. */
const leastProbability = 1e-7;
const toldLabels = 5;

/** `outputs`: `numbers.length` times `labels` probabilities. `numbers`: the right label of each example. */
export function scoreClasses(outputs: Float32Array, numbers: ArrayLike<number>, labels: number): Sums {
  let correct = 0;
  let lossSum = 0;
  for (let i = 0; i < numbers.length; i++) {
    const probabilities = outputs.subarray(i * labels, (i + 1) * labels);
    if (largest(probabilities) === numbers[i]) correct++;
    lossSum -= Math.log(Math.max(probabilities[numbers[i]!]!, leastProbability));
  }
  return { examples: numbers.length, correct, lossSum };
}

export function classMetrics({ examples, correct, lossSum }: Sums): Record<string, number> {
  return { accuracy: correct! / examples!, loss: lossSum! / examples! };
}

/** For each example its most likely label, and the probabilities of the likeliest five. */
export function classAnswers(outputs: Float32Array, labels: readonly string[]): Record<string, unknown>[] {
  return Array.from({ length: outputs.length / labels.length }, (_, i) => {
    const probabilities = outputs.subarray(i * labels.length, (i + 1) * labels.length);
    const order = labels.map((_, label) => label).sort((a, b) => probabilities[b]! - probabilities[a]!);
    const told = order.slice(0, toldLabels).map((label) => [labels[label]!, rounded(probabilities[label]!)]);
    return { label: labels[order[0]!], probabilities: Object.fromEntries(told) };
  });
}

/** By a product: V8's `**` is the C library's `pow`, whose last bit depends on the CPU. */
export function square(value: number): number {
  return value * value;
}

/** Four decimals: more would only be noise of the training. */
export function rounded(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}

function largest(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}
