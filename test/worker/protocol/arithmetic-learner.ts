import type { Learner, LocalState } from "../../../worker-runtime/src/protocol/learner.ts";
import { Random } from "../../../worker-runtime/src/training/random.ts";

/**
 * Learning in plain arithmetic: each worker pulls the weights towards its own noisy targets, with a momentum that a pause
 * must carry over. Every bit depends on seed, round, worker, step and order, so hashes mean something, and a step costs
 * next to nothing.
 */
export class ArithmeticLearner implements Learner {
  readonly stamp = undefined;
  readonly mode = undefined;
  readonly eagerReason = undefined;
  readonly loadMs = 0;
  readonly primary: Learner["primary"] = { metric: "error", better: "lower" };
  readonly #count: number;
  readonly #seed: number;

  constructor(count: number, seed: number) {
    this.#count = count;
    this.#seed = seed;
  }

  initialWeights(): Float32Array {
    const random = new Random(this.#seed, "initial");
    return Float32Array.from({ length: this.#count }, (_, i) => random.uniform(i));
  }

  async train(round: number, worker: number, from: LocalState, toStep: number): Promise<LocalState> {
    const weights = from.weights.slice();
    const momentum = from.optimizer.length > 0 ? from.optimizer.slice() : new Float32Array(this.#count);
    let { lossSum } = from;
    for (let step = from.step; step < toStep; step++) {
      const random = new Random(this.#seed, round, worker, step);
      let loss = 0;
      for (let i = 0; i < this.#count; i++) {
        const gap = weights[i]! - random.uniform(i);
        momentum[i] = 0.9 * momentum[i]! + gap;
        weights[i]! -= 0.05 * momentum[i]!;
        loss += gap * gap;
      }
      lossSum += loss / this.#count;
    }
    return { step: toStep, weights, optimizer: momentum, lossSum };
  }

  async measure(worker: number, weights: Float32Array) {
    return { squares: weights.reduce((sum, value) => sum + (value - 0.5) ** 2, worker / 100), count: weights.length };
  }

  metrics({ squares, count }: Record<string, number>) {
    return { error: squares! / count! };
  }

  async exportModel(weights: Float32Array) {
    return [{ name: "weights.bin", bytes: new Uint8Array(weights.buffer.slice(0)) }];
  }
}
