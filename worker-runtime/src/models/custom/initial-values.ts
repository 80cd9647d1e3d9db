import type * as tfjs from "@tensorflow/tfjs";
import { UserError } from "../../errors.ts";
import type { Initialiser } from "../model.ts";

interface Initializer {
  readonly className: string;
  readonly config: Readonly<Record<string, number | string | null>>;
}

const fixed = ["Zeros", "Ones", "Constant", "Identity"];

/**
 * How a weight of a layer starts. What the layer's own initialiser draws at random is drawn by Trivet instead, from the
 * same distribution: TensorFlow.js' generator would give other values in each process. Anything else is what the layer
 * has put there.
 */
export function initialiserOf(layer: tfjs.layers.Layer, weight: tfjs.LayerVariable): Initialiser {
  const name = weightName(weight);
  const argument = name === "recurrent_kernel" ? "recurrent" : camelCase(name.replace(/_kernel$/, ""));
  const initializer = (layer.getConfig() as Readonly<Record<string, unknown>>)[`${argument}Initializer`] as
    | Initializer
    | undefined;
  if (!initializer) {
    throw new UserError(
      `model.topology: how layer "${layer.name}" starts its ${name} is not in the file, so Trivet cannot draw it.`,
    );
  }
  const { className, config } = initializer;
  const number = (key: string) => Number(config[key] ?? 0);
  if (fixed.includes(className)) {
    return { kind: "values", values: Float32Array.from(weight.read().dataSync()) };
  }
  if (className === "VarianceScaling") {
    const { inputs, outputs } = fans(weight.shape as number[]);
    const count = { fanIn: inputs, fanOut: outputs, fanAvg: (inputs + outputs) / 2 }[String(config.mode)]!;
    const variance = number("scale") / Math.max(1, count);
    if (config.distribution === "uniform") return { kind: "uniform", scale: Math.sqrt(3 * variance) };
    return { kind: "normal", scale: Math.sqrt(variance) };
  }
  // A random matrix whose columns have length 1 on average, as those of an orthogonal one have.
  if (className === "Orthogonal") return { kind: "normal", scale: number("gain") / Math.sqrt(weight.shape[0]!) };
  const isCentred = className === "RandomUniform" ? number("minval") === -number("maxval") : number("mean") === 0;
  if (isCentred && className === "RandomUniform") return { kind: "uniform", scale: number("maxval") };
  if (isCentred && /^(Random|Truncated)Normal$/.test(className)) return { kind: "normal", scale: number("stddev") };
  throw new UserError(
    `model.topology: layer "${layer.name}" starts its ${name} by ${className} ${JSON.stringify(config)}, which Trivet ` +
      "cannot draw. Use glorot, he or lecun initialisers, or a uniform or normal one around 0.",
  );
}

/** Its name inside its layer: "kernel", "bias". */
export function weightName(weight: tfjs.LayerVariable): string {
  return weight.originalName.split("/").at(-1)!;
}

function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** As tfjs-layers counts them (computeFans in initializers.ts): the last two dimensions, times the window before them. */
function fans(shape: readonly number[]): { inputs: number; outputs: number } {
  const product = (numbers: readonly number[]) => numbers.reduce((a, b) => a * b, 1);
  if (shape.length < 2) return { inputs: Math.sqrt(product(shape)), outputs: Math.sqrt(product(shape)) };
  const window = product(shape.slice(0, -2));
  return { inputs: window * shape.at(-2)!, outputs: window * shape.at(-1)! };
}
