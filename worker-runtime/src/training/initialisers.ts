import type { Initialiser, Parameter } from "../models/model.ts";
import { join, sizeOf } from "./flat.ts";
import { Random } from "./random.ts";

/**
 * The weights that a job starts from: all parameters one after the other. Each parameter draws from its own stream, so
 * that its numbers do not depend on the parameters around it.
 */
export function initialWeights(parameters: readonly Parameter[], seed: number): Float32Array {
  return join(parameters.map((parameter) => initialise(parameter, new Random(seed, "initialise", parameter.name))));
}

function initialise({ shape, initialiser }: Parameter, random: Random): Float32Array {
  const values = new Float32Array(sizeOf(shape));
  const draw = drawer(initialiser, shape, random);
  for (let i = 0; i < values.length; i++) values[i] = draw(i);
  return values;
}

/** The value of each place, by its number. */
function drawer(initialiser: Initialiser, shape: readonly number[], random: Random): (index: number) => number {
  switch (initialiser.kind) {
    case "zeros":
      return () => 0;
    case "ones":
      return () => 1;
    case "constant":
      return () => initialiser.value;
    case "values":
      return (i) => initialiser.values[i]!;
    case "uniform":
      return (i) => initialiser.scale * (2 * random.uniform(i) - 1);
    case "normal":
      return (i) => initialiser.scale * normal(random, i);
    case "glorot": {
      // Glorot and Bengio 2010: uniform, with variance 2 / (inputs + outputs).
      const { inputs, outputs } = fans(shape);
      const limit = Math.sqrt(6 / (inputs + outputs));
      return (i) => limit * (2 * random.uniform(i) - 1);
    }
    case "he": {
      // He et al. 2015: normal, with variance 2 / inputs, for layers with relu behind them.
      const deviation = Math.sqrt(2 / fans(shape).inputs);
      return (i) => deviation * normal(random, i);
    }
  }
}

/**
 * A number from the standard normal distribution (Box-Muller). JavaScript leaves the last bit of `Math.log` and `Math.cos`
 * to the engine; V8 computes both in software (its port of fdlibm, src/base/ieee754.cc), so every machine that runs Node
 * gets the same bits.
 */
function normal(random: Random, index: number): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.uniform(2 * index)));
  return radius * Math.cos(2 * Math.PI * random.uniform(2 * index + 1));
}

/** How many numbers go into and come out of one unit: a kernel's last two dimensions times its window. */
function fans(shape: readonly number[]): { inputs: number; outputs: number } {
  const [inputs = 1, outputs = 1] = shape.length < 2 ? [sizeOf(shape), 1] : shape.slice(-2);
  const window = sizeOf(shape.slice(0, -2));
  return { inputs: inputs * window, outputs: outputs * window };
}
