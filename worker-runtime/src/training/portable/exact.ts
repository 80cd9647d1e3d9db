import { DataType, type Output, scalar } from "../recorded/graph.ts";
import { binary, bitcast, cast, float64, int32Scalar, node, reduce, slice } from "./nodes.ts";

/**
 * Arithmetic whose result does not depend on the order of its operations: whole numbers in float64, which are exact up to
 * 2^53. A float32 tensor becomes whole numbers of `bits` bits by a power of two; sums and products of them are exact in
 * any order, blocking or thread count, with or without fused multiply-add; only then one rounding makes float32 of them.
 */

/** float64 holds every whole number up to 2^53. */
const exactBits = 53;

/** More bits of a factor than this are not worth it: float32 has 24, and factors of equal bits are shared between products. */
const mostBits = 21;

/** A product that would leave its factors fewer bits than this is summed in pieces. */
const leastBits = 14;

/** The longest sum of products that one piece may have. */
const longestSum = 2 ** (exactBits - 2 * leastBits);

/** Bits p of the factors in a sum of `length` products: 2 p + ceil(log2(length)) <= 53. */
export function factorBits(length: number): number {
  return Math.min(mostBits, Math.floor((exactBits - Math.ceil(Math.log2(length))) / 2));
}

/** Bits s of the numbers in a sum of `length`: s + ceil(log2(length)) <= 53, and not more than have a use. */
export function termBits(length: number): number {
  return Math.min(50, exactBits - Math.ceil(Math.log2(length)));
}

/** A product as it was made: its factors, how many products each sum has (K), and how many bits the factors keep (p). */
export interface Product {
  readonly op: string;
  readonly factors: readonly [readonly number[], readonly number[]];
  readonly length: number;
  readonly bits: number;
}

/** Whole numbers in float64, and the power of two (a float64 scalar) that they are multiples of. */
interface Whole {
  readonly values: Output;
  readonly unit: Output;
}

/** One of our own kernels (tools/setup/exact-product.cc), which does all of a product at once, with the same bits. */
export interface OwnKernel {
  readonly op: string;
  /** What the kernel needs to know of shapes. */
  readonly geometry: readonly number[];
  /** Of the result. */
  readonly shape: readonly number[];
}

/** Float32 bits of 2^-100 and 2^127: the scale stays between them, so that neither it nor its reciprocal is out of range. */
const [leastPower, mostPower] = [0x0d800000, 0x7f000000];

/** Makes exact sums and products, each tensor brought to whole numbers once, however often it is used. */
export class ExactArithmetic {
  readonly #powers = new Map<Output, Output>();
  readonly #factors = new Map<Output, Map<number, Whole>>();
  readonly #longest: number;
  readonly #hasOwnKernels: boolean;
  /** What was multiplied, for whoever wants to see the bits. */
  readonly products: Product[] = [];

  /**
   * `hasOwnKernels`: whether the binding to TensorFlow has them; else TensorFlow's own operations do the same.
   * `longest`: how many products one piece of a sum may have; fewer only for tests.
   */
  constructor({ hasOwnKernels = false, longest = longestSum } = {}) {
    this.#hasOwnKernels = hasOwnKernels;
    this.#longest = longest;
  }

  /**
   * A sum of products of float32 tensors, as float32. `length`: how many products are summed for each number of the
   * result. `multiply` is given both factors in float64, unless the binding has the kernel `own`.
   */
  product(
    op: string,
    length: number,
    a: Output,
    b: Output,
    multiply: (a: Output, b: Output) => Output,
    own?: OwnKernel,
  ): Output {
    const bits = factorBits(length);
    this.products.push({ op, factors: [a.shape, b.shape], length, bits });
    if (own && this.#hasOwnKernels) return ownNode(own, bits, [a, b, this.#power(a), this.#power(b)]);
    const [left, right] = [this.#whole(a, bits), this.#whole(b, bits)];
    const unit = binary("Mul", left.unit, right.unit);
    return cast(binary("Mul", multiply(left.values, right.values), unit), DataType.float32);
  }

  /**
   * As `product`, where the sum runs along axis `axisA` of `a` and `axisB` of `b` (among others), so that a sum that is
   * too long can be taken in pieces.
   */
  longProduct(
    op: string,
    length: number,
    [a, axisA]: readonly [Output, number],
    [b, axisB]: readonly [Output, number],
    multiply: (a: Output, b: Output) => Output,
    own?: OwnKernel,
  ): Output {
    const longest = this.#longest;
    if (length <= longest) return this.product(op, length, a, b, multiply, own);
    const places = a.shape[axisA]!;
    const perPiece = Math.floor(longest / (length / places));
    const bits = factorBits(Math.ceil(length / places) * perPiece);
    this.products.push({ op, factors: [a.shape, b.shape], length, bits });
    const [left, right] = [this.#whole(a, bits), this.#whole(b, bits)];
    const pieces = Array.from({ length: Math.ceil(places / perPiece) }, (_, i) => {
      const size = Math.min(perPiece, places - i * perPiece);
      const part = (x: Output, axis: number) =>
        slice(
          x,
          x.shape.map((_, at) => (at === axis ? i * perPiece : 0)),
          x.shape.map((all, at) => (at === axis ? size : all)),
        );
      return multiply(part(left.values, axisA), part(right.values, axisB));
    });
    return cast(binary("Mul", sumOfPieces(pieces), binary("Mul", left.unit, right.unit)), DataType.float32);
  }

  /**
   * Sums of `length` numbers, divided by `divisor`, as float32. `add` is given the numbers in float64, unless the binding
   * has the kernel `own`, which divides too.
   */
  sum(length: number, x: Output, add: (x: Output) => Output, divisor = 1, own?: OwnKernel): Output {
    const bits = termBits(length);
    if (own && this.#hasOwnKernels) return ownNode(own, bits, [x, this.#power(x)]);
    const { values, unit } = this.#terms(x, bits);
    const sum = binary("Mul", add(values), unit);
    // As in passes/divisions.ts: TensorFlow must not make a product of it.
    return cast(divisor === 1 ? sum : binary("DivNoNan", sum, float64(divisor)), DataType.float32);
  }

  /** Whole numbers of at most `bits` bits, up to 24 of which float32 holds. */
  #whole(x: Output, bits: number): Whole {
    const made = this.#factors.get(x) ?? new Map<number, Whole>();
    this.#factors.set(x, made);
    let whole = made.get(bits);
    if (whole === undefined) {
      const power = this.#power(x);
      const scale = binary("RealDiv", scalar(2 ** (bits - 1)), power);
      const values = cast(node("Rint", [binary("Mul", x, scale)]), DataType.float64);
      whole = { values, unit: unitOf(power, bits) };
      made.set(bits, whole);
    }
    return whole;
  }

  /** The same for more bits than float32 holds. */
  #terms(x: Output, bits: number): Whole {
    const power = this.#power(x);
    const scale = binary("RealDiv", float64(2 ** (bits - 1)), cast(power, DataType.float64));
    const values = node("Rint", [binary("Mul", cast(x, DataType.float64), scale)]);
    return { values, unit: unitOf(power, bits) };
  }

  /** The power of two at or below the largest magnitude of a tensor, as a float32 scalar. */
  #power(x: Output): Output {
    let power = this.#powers.get(x);
    if (power === undefined) {
      power = this.#hasOwnKernels ? node("TrivetPower", [x], { shape: [] }, {}) : powerOf(x);
      this.#powers.set(x, power);
    }
    return power;
  }
}

function ownNode({ op, geometry, shape }: OwnKernel, bits: number, inputs: readonly Output[]): Output {
  const attributes = { bits: { kind: "int", value: bits }, geometry: { kind: "ints", value: geometry } } as const;
  return node(op, inputs, { shape }, attributes);
}

function powerOf(x: Output): Output {
  const largest = reduce("Max", node("Abs", [x]), Array.from(x.shape.keys()));
  const exponent = node("BitwiseAnd", [bitcast(largest, DataType.int32), int32Scalar(0x7f800000)]);
  const most = node("Minimum", [exponent, int32Scalar(mostPower)]);
  return bitcast(node("Maximum", [most, int32Scalar(leastPower)]), DataType.float32);
}

function unitOf(power: Output, bits: number): Output {
  return binary("Mul", cast(power, DataType.float64), float64(2 ** (1 - bits)));
}

/** The sum of whole numbers up to 2^53, exact but for one rounding: halves of 27 bits are summed by themselves. */
function sumOfPieces(pieces: readonly Output[]): Output {
  const half = 2 ** 27;
  const highs = pieces.map((piece) => node("Rint", [binary("Mul", piece, float64(1 / half))]));
  const lows = pieces.map((piece, i) => binary("Sub", piece, binary("Mul", highs[i]!, float64(half))));
  const total = (parts: readonly Output[]) => parts.reduce((sum, part) => binary("AddV2", sum, part));
  return binary("AddV2", binary("Mul", total(highs), float64(half)), total(lows));
}
