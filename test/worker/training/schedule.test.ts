import { expect } from "chai";
import fc from "fast-check";
import { learningRateAt } from "../../../worker-runtime/src/training/schedule.ts";

type Kind = "constant" | "linear" | "cosine";

const rates = (kind: Kind, steps: number, { warmupSteps = 0, finalFraction = 0, learningRate = 1 } = {}) =>
  Array.from({ length: steps }, (_, step) =>
    learningRateAt({ learningRate, schedule: { kind, warmupSteps, finalFraction } }, step, steps),
  );

function expectRates(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).to.have.length(expected.length);
  for (const [step, rate] of actual.entries()) expect(rate, `step ${step}`).to.be.closeTo(expected[step]!, 1e-12);
}

describe("the learning rate", () => {
  it("stays, or falls in a straight line, or along a cosine", () => {
    expectRates(rates("constant", 3), [1, 1, 1]);
    expectRates(rates("linear", 5), [1, 0.75, 0.5, 0.25, 0]);
    expectRates(rates("cosine", 5), [1, (1 + Math.SQRT1_2) / 2, 0.5, (1 - Math.SQRT1_2) / 2, 0]);
  });

  it("keeps a part at the end", () => {
    expectRates(rates("linear", 3, { finalFraction: 0.2, learningRate: 10 }), [10, 6, 2]);
    expectRates(rates("cosine", 3, { finalFraction: 0.5 }), [1, 0.75, 0.5]);
  });

  it("rises over the warm-up, never from 0, and falls from then on", () => {
    expectRates(rates("constant", 6, { warmupSteps: 3 }), [0.25, 0.5, 0.75, 1, 1, 1]);
    expectRates(rates("linear", 6, { warmupSteps: 3 }), [0.25, 0.5, 0.75, 1, 0.5, 0]);
  });

  it("is a number for jobs as short as can be, and for a warm-up that is longer than the job", () => {
    for (const kind of ["constant", "linear", "cosine"] as const) {
      expectRates(rates(kind, 1), [1]);
      expectRates(rates(kind, 2, { warmupSteps: 1 }), [0.5, 1]);
      expectRates(rates(kind, 2, { warmupSteps: 9 }), [0.1, 0.2]);
    }
  });

  it("never leaves the range from nothing to its full height, and never rises after the warm-up", () => {
    fc.assert(
      fc.property(
        fc.constantFrom<Kind>("constant", "linear", "cosine"),
        fc.integer({ min: 1, max: 60 }),
        fc.nat(70),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (kind, steps, warmupSteps, finalFraction) => {
          const all = rates(kind, steps, { warmupSteps, finalFraction });
          for (const [step, rate] of all.entries()) {
            expect(rate).to.be.at.most(1).and.at.least(0);
            if (step > warmupSteps) expect(rate).to.be.at.most(all[step - 1]! + 1e-12);
            else if (step > 0) expect(rate).to.be.above(all[step - 1]!);
          }
          if (kind !== "constant" && steps > warmupSteps + 1) expect(all.at(-1)).to.be.closeTo(finalFraction, 1e-12);
        },
      ),
    );
  });
});
