import { expect } from "chai";
import fc from "fast-check";
import type { OptimizerSection } from "../../../worker-runtime/src/job/document.ts";
import type { Feed } from "../../../worker-runtime/src/models/model.ts";
import { type Backend, loadBackend } from "../../../worker-runtime/src/training/backend.ts";
import { EagerTrainer } from "../../../worker-runtime/src/training/eager-trainer.ts";
import type { TrainedModel } from "../../../worker-runtime/src/training/trainer.ts";

/** A weight's way by the formulas of its optimizer's authors, in double precision. */
interface Rule {
  step(weight: number, gradient: number, learningRate: number): number;
}

function ruleOf(settings: OptimizerSection): Rule {
  switch (settings.kind) {
    case "sgd":
      return { step: (weight, gradient, learningRate) => weight - learningRate * gradient };
    case "momentum": {
      // Sutskever et al. 2013, as TensorFlow and PyTorch have it: the learning rate is outside of the velocity.
      let velocity = 0;
      return {
        step(weight, gradient, learningRate) {
          velocity = settings.momentum * velocity + gradient;
          const direction = settings.nesterov ? gradient + settings.momentum * velocity : velocity;
          return weight - learningRate * direction;
        },
      };
    }
    case "adam": {
      // Kingma and Ba 2015, section 2, with epsilon where the end of that section puts it.
      const { beta1, beta2, epsilon } = settings;
      let [mean, square, time] = [0, 0, 0];
      return {
        step(weight, gradient, learningRate) {
          time++;
          mean = beta1 * mean + (1 - beta1) * gradient;
          square = beta2 * square + (1 - beta2) * gradient ** 2;
          const alpha = (learningRate * Math.sqrt(1 - beta2 ** time)) / (1 - beta1 ** time);
          return weight - (alpha * mean) / (Math.sqrt(square) + epsilon);
        },
      };
    }
  }
}

/** Three weights whose gradient is what is fed. */
const model: TrainedModel = {
  parameters: [
    { name: "a", shape: [2], initialiser: { kind: "zeros" } },
    { name: "b", shape: [1], initialiser: { kind: "zeros" } },
  ],
  loss: (tf, [a, b], [forA, forB]) => tf.add(tf.sum(tf.mul(a!, forA!)), tf.sum(tf.mul(b!, forB!))),
  outputs: (_, [a]) => a!,
};

function feedsOf(gradient: readonly number[]): Feed[] {
  return [
    { type: "float32", shape: [2], values: Float32Array.from(gradient.slice(0, 2)) },
    { type: "float32", shape: [1], values: Float32Array.from(gradient.slice(2)) },
  ];
}

const size = fc.double({ min: 1e-3, max: 8, noNaN: true });
const value = fc.tuple(size, fc.boolean()).map(([size, isNegative]) => (isNegative ? -size : size));
const steps = fc.array(fc.record({ gradient: fc.tuple(value, value, value), learningRate: size }), {
  minLength: 1,
  maxLength: 8,
});
const fraction = fc.double({ min: 0, max: 0.99, noNaN: true });

const settings = {
  sgd: fc.constant({ kind: "sgd" } as const),
  momentum: fc.record({ kind: fc.constant("momentum" as const), momentum: fraction, nesterov: fc.constant(false) }),
  Nesterov: fc.record({ kind: fc.constant("momentum" as const), momentum: fraction, nesterov: fc.constant(true) }),
  Adam: fc.record({
    kind: fc.constant("adam" as const),
    beta1: fraction,
    // Below, TensorFlow's way to update the mean of the squares loses digits in float32.
    beta2: fc.double({ min: 0.9, max: 0.9999, noNaN: true }),
    epsilon: fc.constantFrom(1e-8, 1e-3),
  }),
};

describe("the optimizers", () => {
  let backend: Backend;

  before(async () => {
    backend = await loadBackend();
  });

  /** The weights after steps from [0.5, -0.25, 1], by the trainer. */
  function trained(optimizer: OptimizerSection, taken: readonly Step[], clipNorm?: number): Float32Array {
    const trainer = new EagerTrainer(backend, model, { optimizer, ...(clipNorm !== undefined && { clipNorm }) });
    trainer.begin(Float32Array.of(0.5, -0.25, 1));
    for (const { gradient, learningRate } of taken) trainer.step(feedsOf(gradient), learningRate);
    const weights = trainer.weights();
    trainer.dispose();
    return weights;
  }

  function computed(
    optimizer: OptimizerSection,
    taken: readonly Step[],
    clipNorm = Number.POSITIVE_INFINITY,
  ): number[] {
    const rules = [0, 1, 2].map(() => ruleOf(optimizer));
    return taken.reduce(
      (weights, { gradient, learningRate }) => {
        const scale = Math.min(1, clipNorm / Math.hypot(...gradient));
        return weights.map((weight, i) => rules[i]!.step(weight, scale * gradient[i]!, learningRate));
      },
      [0.5, -0.25, 1],
    );
  }

  function expectClose(actual: Float32Array, expected: readonly number[], taken: readonly Step[]): void {
    // Float32's roundings, of the largest numbers on the way.
    const farthest = taken.reduce((sum, { learningRate }) => sum + 800 * learningRate, 1);
    for (const [i, weight] of actual.entries()) expect(weight).to.be.closeTo(expected[i]!, farthest * 2e-6);
  }

  for (const [name, optimizer] of Object.entries(settings)) {
    it(`step as their formulas say: ${name}`, () => {
      fc.assert(
        fc.property(optimizer as fc.Arbitrary<OptimizerSection>, steps, (optimizer, taken) => {
          expectClose(trained(optimizer, taken), computed(optimizer, taken), taken);
        }),
        { numRuns: 40 },
      );
    });
  }

  it("get the gradient scaled down to clipNorm, where it is longer as a whole", () => {
    fc.assert(
      fc.property(size, steps, (clipNorm, taken) => {
        const sgd = { kind: "sgd" } as const;
        expectClose(trained(sgd, taken, clipNorm), computed(sgd, taken, clipNorm), taken);
      }),
      { numRuns: 40 },
    );
  });

  it("get a gradient that is not too long as it is, to the bit", () => {
    const taken = [{ gradient: [0.3, -0.1, 0.7] as [number, number, number], learningRate: 0.1 }];
    const clipped = trained({ kind: "sgd" }, taken, 1);
    expect([...clipped]).to.deep.equal([...trained({ kind: "sgd" }, taken)]);
    expect([...trained({ kind: "sgd" }, taken, 0.5)]).to.not.deep.equal([...clipped]);
  });
});

interface Step {
  readonly gradient: readonly [number, number, number];
  readonly learningRate: number;
}
