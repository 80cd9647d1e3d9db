import type * as tfjs from "@tensorflow/tfjs";
import { UserError } from "../../errors.ts";
import type { Random } from "../../training/random.ts";
import type { Feed } from "../model.ts";

/** A dropout layer whose mask comes from outside, so that it is drawn by counter and a recorded step can be fed with it. */
export interface MaskedDropout {
  /** One mask for `count` examples: 0 where a value is dropped, 1 / (1 - rate) where it is kept. */
  draw(count: number, random: Random): Feed;
  /** The mask that the layer uses from now on; undefined: nothing is dropped. */
  setMask(mask: tfjs.Tensor | undefined): void;
}

/** Makes a Dropout layer of a loaded topology take its masks from `setMask`. */
export function maskDropout(layer: tfjs.layers.Layer): MaskedDropout {
  const { rate, noiseShape } = layer.getConfig() as { rate: number; noiseShape: unknown };
  if (noiseShape !== undefined && noiseShape !== null) {
    throw new UserError(
      `model.topology: layer "${layer.name}" has a noise shape, which is not supported. Leave it out.`,
    );
  }
  const [, ...shape] = Array.isArray(layer.input) ? layer.input[0]!.shape : layer.input.shape;
  const size = shape.reduce<number>((product, length) => product * length!, 1);
  let mask: tfjs.Tensor | undefined;
  layer.call = (inputs) => {
    const input = Array.isArray(inputs) ? inputs[0]! : inputs;
    return mask ? input.mul(mask) : input;
  };
  return {
    draw(count, random) {
      const bits = new Uint32Array(4 * Math.ceil((count * size) / 4));
      random.fillUint32(bits, 0);
      const values = Float32Array.from({ length: count * size }, (_, i) =>
        bits[i]! < rate * 2 ** 32 ? 0 : 1 / (1 - rate),
      );
      return { type: "float32", shape: [count, ...(shape as number[])], values };
    },
    setMask: (given) => {
      mask = given;
    },
  };
}
