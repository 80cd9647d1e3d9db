import { UserError } from "../errors.ts";

/** The values to be sent are no longer numbers: the learning rate was too high, or the data holds something absurd. */
export class TrainingDiverged extends UserError {
  override readonly name = "TrainingDiverged";
  constructor(value: number) {
    super(
      `Training diverged: a weight became ${Number.isFinite(value) ? value.toExponential(1) : value}. ` +
        "Lower training.learningRate, set training.clipNorm, or look for absurd numbers in the data.",
      1,
    );
  }
}

/** Bits of 2^127. Below it every codec can round up without reaching infinity; a weight that large is lost in any case. */
const limitBits = 0x7f000000;

/** The values' bits; throws `TrainingDiverged` where one is NaN, infinite, or 2^127 and more. */
export function finiteBits(values: Float32Array): Uint32Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < bits.length; i++) {
    if ((bits[i]! & 0x7fffffff) >= limitBits) throw new TrainingDiverged(values[i]!);
  }
  return bits;
}
