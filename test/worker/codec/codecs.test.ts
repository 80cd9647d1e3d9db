import { expect } from "chai";
import fc from "fast-check";
import { codecs, roundToBf16, TrainingDiverged } from "../../../worker-runtime/src/codec/index.ts";
import { Random } from "../../../worker-runtime/src/training/random.ts";

/** What may be sent: finite, and below 2^127 even when rounded up; small, denormal and zero among it. */
const value = fc.oneof(
  fc.float({ min: -1, max: 1, noNaN: true }),
  fc.float({ min: Math.fround(-1.6e38), max: Math.fround(1.6e38), noNaN: true }),
);
const values = fc.array(value, { maxLength: 100 }).map((list) => Float32Array.from(list));
const seed = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const names = ["fp32", "bf16", "int8"] as const;

/** The noise of each position, drawn one by one. */
function noiseAt(random: Random, position: number): number {
  const word = random.uint32(Math.floor(position / 2));
  return position % 2 === 0 ? word & 0xffff : word >>> 16;
}

/** A generator whose noise at position i is floor(i / repeats): every possible noise once, in order. */
class EveryNoise extends Random {
  readonly #repeats: number;
  constructor(repeats: number) {
    super(0);
    this.#repeats = repeats;
  }
  override fillUint32(target: Uint32Array, firstIndex: number): void {
    const noise = new Uint16Array(target.buffer);
    for (let i = 0; i < noise.length; i++) noise[i] = Math.floor((2 * firstIndex + i) / this.#repeats);
  }
}

/** A float32 as a whole number of 2^-149, the least that there is. */
function exactly(value: number): bigint {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  const bits = view.getUint32(0);
  const exponent = (bits >>> 23) & 0xff;
  const fraction = BigInt(bits & 0x7fffff);
  const magnitude = exponent === 0 ? fraction : (fraction + 0x800000n) << BigInt(exponent - 1);
  return bits >>> 31 === 1 ? -magnitude : magnitude;
}

/** bf16 by the book: the neighbour towards zero, or the one away from it if the noise reaches what is missing. */
function referenceBf16(values: Float32Array, random: Random): Uint8Array {
  const view = new DataView(new ArrayBuffer(2 * values.length));
  const float = new DataView(new ArrayBuffer(4));
  values.forEach((value, i) => {
    float.setFloat32(0, value);
    const up = float.getUint16(2) + noiseAt(random, i) >= 0x10000 ? 1 : 0;
    view.setUint16(2 * i, float.getUint16(0) + up, true);
  });
  return new Uint8Array(view.buffer);
}

/** MXINT8 by the book, in whole numbers of 2^-150 (a half of the least float). */
function referenceInt8(values: Float32Array, random: Random): Uint8Array {
  const scales: number[] = [];
  const integers: number[] = [];
  for (let start = 0; start < values.length; start += 32) {
    const block = [...values.subarray(start, start + 32)].map(exactly);
    let scale = 0;
    // A unit of 2^(scale - 133) is 2^(scale + 16) of the least float.
    while (block.some((value) => abs(value) > 127n << BigInt(scale + 16))) scale++;
    scales.push(scale);
    block.forEach((value, i) => {
      const shift = BigInt(scale + 17);
      const noise = BigInt(2 * noiseAt(random, start + i) + 1) << (shift - 17n);
      integers.push(Number((2n * value + noise) >> shift));
    });
  }
  return Uint8Array.from([...scales, ...integers]);
}

describe("codecs", () => {
  it("fp32 writes little-endian floats and loses nothing", () => {
    fc.assert(
      fc.property(values, (values) => {
        const bytes = codecs.fp32.encode(values, new Random(1));
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
        for (const [i, value] of values.entries()) expect(view.getFloat32(4 * i, true)).to.equal(value);
        expect(codecs.fp32.decode(bytes, values.length)).to.deep.equal(values);
      }),
    );
  });

  it("bf16 gives the bytes of an independent implementation", () => {
    fc.assert(
      fc.property(values, seed, (values, seed) => {
        expect(codecs.bf16.encode(values, new Random(seed))).to.deep.equal(referenceBf16(values, new Random(seed)));
      }),
    );
  });

  it("int8 gives the bytes of an independent implementation", () => {
    fc.assert(
      fc.property(values, seed, (values, seed) => {
        expect(codecs.int8.encode(values, new Random(seed))).to.deep.equal(referenceInt8(values, new Random(seed)));
      }),
    );
  });

  it("draws fresh noise at every position of a slice longer than one bulk draw", () => {
    const values = new Float32Array(9001).fill(0.3);
    const random = new Random(5, "long");
    expect(codecs.bf16.encode(values, random)).to.deep.equal(referenceBf16(values, random));
    expect(codecs.int8.encode(values, random)).to.deep.equal(referenceInt8(values, random));
  });

  it("bf16 is exactly right in the mean: over all noises each value averages to itself", () => {
    fc.assert(
      fc.property(value, (value) => {
        const copies = new Float32Array(2 ** 16).fill(value);
        const decoded = codecs.bf16.decode(codecs.bf16.encode(copies, new EveryNoise(1)), copies.length);
        const sum = decoded.reduce((sum, value) => sum + exactly(value), 0n);
        expect(sum).to.equal(exactly(value) << 16n);
      }),
      { numRuns: 20 },
    );
  });

  it("int8 is right in the mean to 2^-17 of a unit, whatever else is in the block", () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 32, maxLength: 32 }), (block) => {
        const copies = new Float32Array(32 * 2 ** 16);
        for (let i = 0; i < copies.length; i += 32) copies.set(block, i);
        const decoded = codecs.int8.decode(codecs.int8.encode(copies, new EveryNoise(32)), copies.length);
        const unit = 2 ** Math.ceil(Math.log2(Math.max(2 ** -126, ...block.map(Math.abs)) / 127));
        block.forEach((value, position) => {
          let sum = 0;
          for (let i = position; i < decoded.length; i += 32) sum += decoded[i]!;
          expect(Math.abs(sum / 2 ** 16 - value)).to.be.at.most(1.01 * unit * 2 ** -17);
        });
      }),
      { numRuns: 10 },
    );
  });

  it("stays within one step: 2^-7 of a value for bf16, 1/63 of the block's largest for int8", () => {
    fc.assert(
      fc.property(fc.array(fc.float({ min: -1000, max: 1000, noNaN: true }), { maxLength: 32 }), seed, (list, seed) => {
        const values = Float32Array.from(list.map((value) => (Math.abs(value) < 1e-30 ? 0 : value)));
        const largest = Math.max(0, ...values.map(Math.abs));
        const bf16 = codecs.bf16.decode(codecs.bf16.encode(values, new Random(seed)), values.length);
        const int8 = codecs.int8.decode(codecs.int8.encode(values, new Random(seed)), values.length);
        values.forEach((value, i) => {
          expect(Math.abs(bf16[i]! - value)).to.be.at.most(Math.abs(value) * 2 ** -7);
          expect(Math.abs(int8[i]! - value)).to.be.at.most(largest / 63);
        });
      }),
    );
  });

  it("rounds models to the nearest bf16, and to the even one of two as near", () => {
    fc.assert(
      fc.property(values, (values) => {
        const decoded = codecs.bf16.decode(roundToBf16(values), values.length);
        values.forEach((value, i) => {
          const step = 1n << 16n;
          const spacing = exactly(value) === 0n ? step : spacingOf(exactly(value), step);
          const down = (exactly(value) / spacing) * spacing;
          const candidates = [down, down + (value < 0 ? -spacing : spacing)];
          const distance = (candidate: bigint) => abs(candidate - exactly(value));
          const [near, far] = candidates.sort((a, b) => (distance(a) < distance(b) ? -1 : 1)) as [bigint, bigint];
          const even = (candidate: bigint) => (candidate / spacing) % 2n === 0n;
          const expected = distance(near) === distance(far) && !even(near) ? far : near;
          expect(exactly(decoded[i]!)).to.equal(expected);
        });
      }),
    );
    const ties = Float32Array.of(1 + 2 ** -8, 1 + 3 * 2 ** -8, -1 - 2 ** -8);
    expect([...codecs.bf16.decode(roundToBf16(ties), 3)]).to.deep.equal([1, 1 + 2 ** -6, -1]);
  });

  for (const name of names) {
    const codec = codecs[name];

    it(`${name}: what was decoded once is encoded and decoded without a change, whatever the noise`, () => {
      fc.assert(
        fc.property(values, seed, seed, (values, first, second) => {
          const once = codec.decode(codec.encode(values, new Random(first)), values.length);
          const twice = codec.decode(codec.encode(once, new Random(second)), values.length);
          expect([...twice]).to.deep.equal([...once]);
        }),
      );
    });

    it(`${name}: has the planned length, and reads from any place in a larger object`, () => {
      fc.assert(
        fc.property(values, seed, fc.nat(7), fc.nat(7), (values, seed, before, offset) => {
          const larger = new Float32Array(before + values.length + 3);
          larger.set(values, before);
          const bytes = codec.encode(larger.subarray(before, before + values.length), new Random(seed));
          expect(bytes).to.deep.equal(codec.encode(values, new Random(seed)));
          expect(bytes.length).to.equal(codec.encodedBytes(values.length));
          const expected = codec.decode(bytes, values.length);
          // A Buffer's own `slice` is a view, where that of a Uint8Array is a copy.
          for (const object of [new Uint8Array(offset + bytes.length + 9), Buffer.alloc(offset + bytes.length + 9)]) {
            object.fill(255).set(bytes, offset);
            const found = codec.decode(object.subarray(offset, offset + bytes.length), values.length);
            object.fill(255);
            expect(found).to.deep.equal(expected);
          }
        }),
      );
    });

    it(`${name}: refuses what is no longer a number, wherever it stands`, () => {
      fc.assert(
        fc.property(
          values,
          fc.nat(),
          fc.constantFrom(Number.NaN, Infinity, -Infinity, 2 ** 127, -3.4e38),
          (values, place, bad) => {
            const broken = Float32Array.from([...values, 0]);
            broken[place % broken.length] = bad;
            expect(() => codec.encode(broken, new Random(1))).to.throw(TrainingDiverged, "learningRate");
            expect(() => roundToBf16(broken)).to.throw(TrainingDiverged);
          },
        ),
      );
    });
  }
});

/** The distance between bf16 neighbours around a value given as a whole number of 2^-149. */
function spacingOf(value: bigint, least: bigint): bigint {
  let spacing = least;
  while (abs(value) >= spacing << 8n) spacing <<= 1n;
  return spacing;
}

function abs(value: bigint): bigint {
  return value < 0n ? -value : value;
}
