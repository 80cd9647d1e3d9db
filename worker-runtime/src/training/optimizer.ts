import type * as tfjs from "@tensorflow/tfjs";
import type { OptimizerSection } from "../job/document.ts";
import { join } from "./flat.ts";

/**
 * An optimizer in plain tensors. The formulas and the order of their operations are those of TensorFlow's kernels
 * (tensorflow/core/kernels/training_ops.cc), so that both ways to run a step give the same bits.
 */
export interface Optimizer {
  /** How many tensors of a parameter's shape it keeps for each parameter. They start at 0. */
  readonly slots: number;
  /** Numbers that it keeps for the whole model, as they are before the first step. */
  readonly scalars: readonly number[];
  /** The parameter and its slots after a step. */
  update(step: {
    readonly weight: tfjs.Tensor;
    readonly gradient: tfjs.Tensor;
    readonly slots: readonly tfjs.Tensor[];
    readonly scalars: readonly number[];
    readonly learningRate: number;
  }): readonly [weight: tfjs.Tensor, ...slots: tfjs.Tensor[]];
  /** The model's numbers after a step. */
  advance(scalars: readonly number[]): number[];
}

/** An optimizer's state before the first step, for so many weights. Layout: each slot for all weights, then the scalars. */
export function initialState({ slots, scalars }: Optimizer, weightCount: number): Float32Array {
  return join([new Float32Array(slots * weightCount), scalars]);
}

export function makeOptimizer(settings: OptimizerSection): Optimizer {
  switch (settings.kind) {
    case "sgd":
      return {
        slots: 0,
        scalars: [],
        update: ({ weight, gradient, learningRate }) => [weight.sub(gradient.mul(learningRate))],
        advance: () => [],
      };
    case "momentum":
      return momentum(settings);
    case "adam":
      return adam(settings);
  }
}

function momentum({ momentum, nesterov }: Extract<OptimizerSection, { kind: "momentum" }>): Optimizer {
  return {
    slots: 1,
    scalars: [],
    update({ weight, gradient, slots, learningRate }) {
      const accumulated = slots[0]!.mul(momentum).add(gradient);
      const change = nesterov
        ? gradient.mul(learningRate).add(accumulated.mul(momentum).mul(learningRate))
        : accumulated.mul(learningRate);
      return [weight.sub(change), accumulated];
    },
    advance: () => [],
  };
}

function adam({ beta1, beta2, epsilon }: Extract<OptimizerSection, { kind: "adam" }>): Optimizer {
  const f = Math.fround;
  const [rest1, rest2] = [f(1 - f(beta1)), f(1 - f(beta2))];
  return {
    slots: 2,
    // The powers of beta1 and beta2 for the step that comes.
    scalars: [f(beta1), f(beta2)],
    update({ weight, gradient, slots, scalars, learningRate }) {
      const [power1, power2] = scalars as [number, number];
      const alpha = f(f(f(learningRate) * f(Math.sqrt(f(1 - power2)))) / f(1 - power1));
      const mean = slots[0]!.add(gradient.sub(slots[0]!).mul(rest1));
      const square = slots[1]!.add(gradient.square().sub(slots[1]!).mul(rest2));
      const change = mean.mul(alpha).div(square.sqrt().add(epsilon));
      return [weight.sub(change), mean, square];
    },
    advance: ([power1, power2]) => [f(power1! * f(beta1)), f(power2! * f(beta2))],
  };
}
