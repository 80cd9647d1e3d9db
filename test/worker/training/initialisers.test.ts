import { expect } from "chai";
import type { Initialiser, Parameter } from "../../../worker-runtime/src/models/model.ts";
import { initialWeights } from "../../../worker-runtime/src/training/initialisers.ts";

const one = (initialiser: Initialiser, shape: readonly number[], seed = 1, name = "w") =>
  initialWeights([{ name, shape, initialiser }], seed);

/** Mean and standard deviation. */
function moments(values: Float32Array): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(variance) };
}

describe("initial weights", () => {
  it("are what a parameter says, where nothing is drawn", () => {
    expect([...one({ kind: "zeros" }, [3])]).to.deep.equal([0, 0, 0]);
    expect([...one({ kind: "ones" }, [2])]).to.deep.equal([1, 1]);
    expect([...one({ kind: "constant", value: 3.5 }, [])]).to.deep.equal([3.5]);
    expect([...one({ kind: "values", values: Float32Array.of(4, 5) }, [1, 2])]).to.deep.equal([4, 5]);
  });

  // [kind, shape, standard deviation, largest value]: Glorot and Bengio 2010, equation 16; He et al. 2015, equation 10.
  const drawn: [Initialiser, number[], number, number][] = [
    [{ kind: "uniform", scale: 0.05 }, [200, 50], 0.05 / Math.sqrt(3), 0.05],
    [{ kind: "normal", scale: 0.3 }, [200, 50], 0.3, 2],
    [{ kind: "glorot" }, [100, 100], Math.sqrt(2 / 200), Math.sqrt(6 / 200)],
    [{ kind: "glorot" }, [3, 3, 16, 64], Math.sqrt(2 / (9 * 80)), Math.sqrt(6 / (9 * 80))],
    [{ kind: "he" }, [100, 100], Math.sqrt(2 / 100), 1],
    [{ kind: "he" }, [3, 3, 16, 64], Math.sqrt(2 / (9 * 16)), 1],
    [{ kind: "he" }, [10_000], Math.sqrt(2 / 10_000), 1],
  ];

  for (const [initialiser, shape, expected, limit] of drawn) {
    it(`have the spread of their kind: ${initialiser.kind} [${shape}]`, () => {
      const values = one(initialiser, shape);
      const { mean, deviation } = moments(values);
      // Over four times what the mean and the deviation of so many draws scatter.
      const scatter = (4.5 * expected) / Math.sqrt(values.length);
      expect(mean).to.be.closeTo(0, scatter);
      expect(deviation).to.be.closeTo(expected, scatter);
      expect(Math.max(...values.map(Math.abs)))
        .to.be.above(0.9 * Math.min(limit, 3 * expected))
        .and.below(limit);
    });
  }

  it("are normal where they say so: as many within one and two deviations as must be", () => {
    const values = one({ kind: "normal", scale: 1 }, [20_000]);
    const within = (distance: number) => values.filter((value) => Math.abs(value) < distance).length / values.length;
    expect(within(1)).to.be.closeTo(0.6827, 0.015);
    expect(within(2)).to.be.closeTo(0.9545, 0.007);
  });

  it("depend on the seed and the parameter's name, and on nothing around it", () => {
    const parameter = (name: string): Parameter => ({ name, shape: [4], initialiser: { kind: "he" } });
    const [a, b] = [parameter("a"), parameter("b")];
    const both = initialWeights([b, a], 1);
    expect([...both.subarray(4)]).to.deep.equal([...initialWeights([a], 1)]);
    expect([...both.subarray(0, 4)]).to.not.deep.equal([...both.subarray(4)]);
    expect([...initialWeights([a], 2)]).to.not.deep.equal([...initialWeights([a], 1)]);
  });

  it("are the same on every machine and in every version", () => {
    expect([...one({ kind: "he" }, [2, 2])]).to.deep.equal([
      -0.29932746291160583, -0.27181392908096313, 0.11217804253101349, -1.1182383298873901,
    ]);
    expect([...one({ kind: "glorot" }, [2, 2])]).to.deep.equal([
      -1.0350204706192017, 0.28443312644958496, -1.070844054222107, -0.2790864408016205,
    ]);
  });
});
