import { expect } from "chai";
import fc from "fast-check";
import type { Backend } from "../../../worker-runtime/src/training/backend.ts";
import type { Binding, NativeBackend } from "../../../worker-runtime/src/training/native.ts";
import { ExactArithmetic, factorBits, termBits } from "../../../worker-runtime/src/training/portable/exact.ts";
import { mean, sum } from "../../../worker-runtime/src/training/portable/functions.ts";
import { reduce } from "../../../worker-runtime/src/training/portable/nodes.ts";
import { matMul } from "../../../worker-runtime/src/training/portable/products.ts";
import {
  attribute,
  DataType,
  identity,
  makeNode,
  type Output,
  placeholder,
} from "../../../worker-runtime/src/training/recorded/graph.ts";
import { Session } from "../../../worker-runtime/src/training/recorded/session.ts";
import { requirePart } from "../../support/require.ts";
import { expectSameBits, requireNative } from "./support.ts";

const float32 = DataType.float32;
const seed = 20261125;

for (const hasOwnKernels of [false, true]) {
  describe(`exact arithmetic, ${hasOwnKernels ? "by our own kernels" : "by TensorFlow's operations"}`, function () {
    this.timeout(60_000);
    let backend: Backend & { readonly native: NativeBackend };

    before(async function () {
      backend = await requireNative(this);
      if (hasOwnKernels) {
        requirePart(this, "our kernels", backend.native.hasOwnKernels, "Compile them with `npm run setup`.");
      }
    });

    /** A float32 matrix in rows, for a graph's input. */
    type Matrix = readonly (readonly number[])[];

    /** Runs a graph of `build` on matrices. */
    function evaluate(build: (...inputs: Output[]) => Output, ...matrices: Matrix[]): Float32Array {
      const binding: Binding = backend.native.binding;
      const inputs = matrices.map((rows) => placeholder({ type: float32, shape: [rows.length, rows[0]!.length] }));
      const names = inputs.map((input, i) => [`input${i}`, input] as const);
      const session = new Session(binding, { ...Object.fromEntries(names), output: identity(build(...inputs)) });
      const ids = matrices.map((rows, i) =>
        binding.createTensor(inputs[i]!.shape, float32, Float32Array.from(rows.flat())),
      );
      const [id] = session.function(
        names.map(([name]) => name),
        ["output"],
      )(ids);
      // Whether a sum of zeros has a sign is of no interest here.
      const values = (binding.tensorDataSync(id!) as Float32Array).map((value) => value + 0);
      for (const tensor of [...ids, id!]) binding.deleteTensor(tensor);
      session.dispose();
      return values;
    }

    function product(a: Output, b: Output, exact = new ExactArithmetic({ hasOwnKernels })): Output {
      const attributes = {
        T: attribute.type(float32),
        transpose_a: attribute.bool(false),
        transpose_b: attribute.bool(false),
      };
      const shape = [a.shape[0]!, b.shape[1]!];
      return matMul(exact, makeNode("MatMul", [a, b], attributes, [{ type: float32, shape }]))[0]!;
    }

    const multiply = (...[a, b]: Output[]) => product(a!, b!);

    /** Floats of all sizes: zero, denormals, one and its neighbours, the largest. TensorFlow takes denormals for zero. */
    const number = fc.oneof(
      { weight: 6, arbitrary: fc.float({ noNaN: true, noDefaultInfinity: true, min: -2, max: 2 }) },
      { weight: 2, arbitrary: fc.float({ noNaN: true, noDefaultInfinity: true }) },
      fc.constantFrom(
        0,
        -0,
        1,
        -1,
        Math.fround(2 - 2 ** -23),
        Math.fround(2 ** -149),
        3.4028234663852886e38,
        2 ** -126,
      ),
    );
    const matrix = (rows: number, columns: number) =>
      fc.array(fc.array(number, { minLength: columns, maxLength: columns }), { minLength: rows, maxLength: rows });
    const factors = fc
      .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 5 }))
      .chain(([rows, length, columns]) => fc.tuple(matrix(rows, length), matrix(length, columns)));

    it("multiplies as whole numbers do", () => {
      fc.assert(
        fc.property(factors, ([a, b]) => {
          expectSameBits(evaluate(multiply, a, b), exactProduct(a, b, factorBits(b.length)), "product");
        }),
        { seed, numRuns: 200 },
      );
    });

    it("multiplies as whole numbers do where every product is as large as can be", () => {
      for (const length of [1, 2, 3, 64, 100, 2048, 3000, 40_000]) {
        const largest = Math.fround(2 - 2 ** -23);
        // Whole numbers of p bits one below the largest, so that sums are odd and use every bit.
        const odd = (i: number) => largest - 2 ** (2 - factorBits(length)) * (1 + (i % 3));
        const a = [Array.from({ length }, (_, i) => (i === 0 ? largest : odd(i)))];
        const b = Array.from({ length }, (_, i) => [i === 1 ? largest : odd(i + 1)]);
        expectSameBits(evaluate(multiply, a, b), exactProduct(a, b, factorBits(length)), `a sum of ${length}`);
      }
    });

    it("keeps every bit of a sum whose large parts cancel, however long it is", () => {
      for (const length of [2048, 8192, 32_768, 131_072]) {
        const bits = factorBits(length);
        // Odd whole numbers of all bits; the second half takes away what the first one adds, but for one in the last place.
        const values = Array.from({ length }, (_, i) => 2 ** bits - 1 - 2 * ((i % (length / 2)) % 3));
        const others = values.map((value, i) => (i < length / 2 ? value : -value));
        others[length - 1]! += 1;
        const unit = 2 ** (1 - bits);
        const [a, b] = [[values.map((value) => value * unit)], others.map((value) => [value * unit])];
        expectSameBits(evaluate(multiply, a, b), Float32Array.of(values.at(-1)! * unit * unit), `a sum of ${length}`);
      }
    });

    it("gives the same for any order of the sum", () => {
      const length = 3000;
      const random = fc.sample(fc.float({ noNaN: true, min: -1, max: 1 }), { seed, numRuns: 2 * length });
      const [a, b] = [random.slice(0, length), random.slice(length)];
      const order = Array.from({ length }, (_, i) => (i * 1009) % length);
      const straight = evaluate(
        multiply,
        [a],
        b.map((value) => [value]),
      );
      const shuffled = evaluate(
        multiply,
        [order.map((i) => a[i]!)],
        order.map((i) => [b[i]!]),
      );
      expectSameBits(shuffled, straight, "the sum in another order");
    });

    it("sums in pieces what is too long, as whole numbers do but for one rounding more", () => {
      fc.assert(
        fc.property(factors, ([a, b]) => {
          const inPieces = evaluate(
            (...[left, right]) => product(left!, right!, new ExactArithmetic({ hasOwnKernels, longest: 4 })),
            a,
            b,
          );
          const bits = b.length <= 4 ? factorBits(b.length) : factorBits(4);
          expectSameBits(inPieces, exactProduct(a, b, bits), "product in pieces");
        }),
        { seed, numRuns: 100 },
      );
    });

    it("lets infinity and NaN through", () => {
      const one = [[1], [1]];
      const through = (row: number[]) => evaluate(multiply, [row], one)[0]!;
      expect(through([Number.POSITIVE_INFINITY, 1])).to.equal(Number.POSITIVE_INFINITY);
      expect(through([Number.NEGATIVE_INFINITY, 1])).to.equal(Number.NEGATIVE_INFINITY);
      expect(through([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])).to.be.NaN;
      expect(through([Number.NaN, 1])).to.be.NaN;
      // What has nothing to do with it stays a number.
      expect(
        evaluate(
          multiply,
          [
            [Number.NaN, 1],
            [0, 0],
          ],
          [[1], [1]],
        )[1],
      ).to.satisfy(Number.isFinite);
    });

    it("sums as whole numbers do", () => {
      const table = fc
        .tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 4 }))
        .chain(([rows, columns]) => matrix(rows, columns));
      const reduction =
        (op: "Sum" | "Mean") =>
        (...[x]: Output[]) => {
          const { node: reduced } = reduce(op, x!, [0]);
          return (op === "Sum" ? sum : mean)(new ExactArithmetic({ hasOwnKernels }), reduced)[0]!;
        };
      fc.assert(
        fc.property(table, (rows) => {
          const bits = termBits(rows.length);
          expectSameBits(evaluate(reduction("Sum"), rows), exactSum(rows, bits, 1), "sum");
          expectSameBits(evaluate(reduction("Mean"), rows), exactSum(rows, bits, rows.length), "mean");
        }),
        { seed, numRuns: 200 },
      );
    });
  });
}

/** TensorFlow takes numbers below float32's smallest exponent for zero, and gives zero for them. */
function flushed(value: number): number {
  const rounded = Math.fround(value);
  return Math.abs(rounded) < 2 ** -126 ? 0 : rounded + 0;
}

/** The exponent e of 2^e at or below the largest magnitude, between -100 and 127. */
function exponentOf(values: readonly number[]): number {
  const largest = Math.max(...values.map((value) => Math.abs(flushed(value))));
  if (largest === 0) return -100;
  let exponent = Math.floor(Math.log2(largest));
  if (2 ** exponent > largest) exponent--;
  if (2 ** (exponent + 1) <= largest) exponent++;
  return Math.min(127, Math.max(-100, exponent));
}

/** Whole numbers of `bits` bits: x / 2^(exponent + 1 - bits), halves to even. */
function whole(value: number, exponent: number, bits: number): bigint {
  const scaled = flushed(value) * 2 ** (bits - 1 - exponent);
  const below = Math.floor(scaled);
  const rest = scaled - below;
  const up = rest > 0.5 || (rest === 0.5 && below % 2 !== 0);
  return BigInt(up ? below + 1 : below);
}

/** By whole numbers of any length; `Number` rounds once, to nearest, and powers of two are exact. */
function exactProduct(
  a: readonly (readonly number[])[],
  b: readonly (readonly number[])[],
  bits: number,
): Float32Array {
  const [left, right] = [exponentOf(a.flat()), exponentOf(b.flat())];
  const columns = b[0]!.map((_, column) => b.map((row) => whole(row[column]!, right, bits)));
  const numbers = a.flatMap((row) => {
    const wholes = row.map((value) => whole(value, left, bits));
    return columns.map((column) => wholes.reduce((total, value, i) => total + value * column[i]!, 0n));
  });
  return Float32Array.from(numbers, (total) => flushed(Number(total) * 2 ** (left + right + 2 - 2 * bits)));
}

function exactSum(rows: readonly (readonly number[])[], bits: number, count: number): Float32Array {
  const exponent = exponentOf(rows.flat());
  const numbers = rows[0]!.map((_, column) =>
    rows.reduce((total, row) => total + whole(row[column]!, exponent, bits), 0n),
  );
  return Float32Array.from(numbers, (total) => flushed((Number(total) * 2 ** (exponent + 1 - bits)) / count));
}
