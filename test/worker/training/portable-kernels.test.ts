import type { Tensor } from "@tensorflow/tfjs";
import { expect } from "chai";
import type { Tf } from "../../../worker-runtime/src/models/model.ts";
import type { Backend } from "../../../worker-runtime/src/training/backend.ts";
import type { NativeBackend } from "../../../worker-runtime/src/training/native.ts";
import { ExactArithmetic } from "../../../worker-runtime/src/training/portable/exact.ts";
import { portablePass, refuseUnportable } from "../../../worker-runtime/src/training/portable/rewrite.ts";
import { OutputProgram } from "../../../worker-runtime/src/training/recorded/output-program.ts";
import { record } from "../../../worker-runtime/src/training/recorded/recording.ts";
import { requirePart } from "../../support/require.ts";
import { expectSameBits, feed, requireNative } from "./support.ts";

type Run = (tf: Tf, ...inputs: never[]) => Tensor;

/** A function, and the shapes of its inputs. With a gradient where the sums of the gradient are of interest. */
const functions: Readonly<Record<string, readonly [run: Run, ...shapes: number[][]]>> = {
  ...Object.fromEntries(
    [
      [false, false],
      [true, false],
      [false, true],
      [true, true],
    ].map(([a, b]) => [
      `a product, ${a ? "a" : "no"} transposed factor, ${b ? "a" : "no"} transposed factor`,
      [(tf: Tf, x: Tensor, y: Tensor) => tf.matMul(x, y, a, b), a ? [37, 13] : [13, 37], b ? [21, 37] : [37, 21]] as [
        Run,
        ...number[][],
      ],
    ]),
  ),
  "a product of stacks": [(tf: Tf, x: Tensor, y: Tensor) => tf.matMul(x, y, false, true), [2, 3, 5, 7], [2, 3, 4, 7]],
  "a stack by a matrix": [(tf: Tf, x: Tensor, y: Tensor) => tf.matMul(x, y), [3, 5, 7], [1, 7, 4]],
  "a long product": [(tf: Tf, x: Tensor, y: Tensor) => tf.matMul(x, y), [3, 1500], [1500, 20]],
  ...Object.fromEntries(
    (["same", "valid"] as const).flatMap((padding) =>
      [1, 2, 3].map((stride) => [
        `a convolution and its gradients, ${padding}, stride ${stride}`,
        [
          (tf: Tf, x: never, filter: never) => {
            const { value, grads } = tf.valueAndGrads((x: Tensor, filter: Tensor) =>
              tf.square(tf.conv2d(x as never, filter as never, [stride, 1], padding)),
            )([x, filter]);
            return tf.concat([value, ...grads].map((tensor) => tf.reshape(tensor, [-1])));
          },
          [2, 9, 8, 3],
          [4, 3, 3, 5],
        ] as [Run, ...number[][]],
      ]),
    ),
  ),
  "a convolution of a window with gaps": [
    (tf: Tf, x: never, filter: never) => tf.conv2d(x, filter, 1, "same", "NHWC", 2),
    [2, 9, 8, 3],
    [3, 3, 3, 5],
  ],
  "sums over the first, a middle, the last and all axes": [
    (tf: Tf, x: Tensor) =>
      tf.concat([0, 1, 2, [0, 1], [1, 2], [0, 2], [0, 1, 2]].map((axes) => tf.reshape(tf.sum(x, axes), [-1]))),
    [7, 33, 5],
  ],
  "means, with an axis kept": [
    (tf: Tf, x: Tensor) => tf.concat([0, 1, [0, 1]].map((axes) => tf.reshape(tf.mean(x, axes, true), [-1]))),
    [19, 23],
  ],
};

describe("our kernels of exact products", () => {
  let backend: Backend & { readonly native: NativeBackend };

  before(async function () {
    backend = await requireNative(this);
    requirePart(this, "our kernels", backend.native.hasOwnKernels, "Compile them with `npm run setup`.");
  });

  /** What a function gives: op by op, and portably with and without our own kernels. */
  function eachWay([run, ...shapes]: (typeof functions)[string]) {
    const { tf, native } = backend;
    return tf.tidy(() => {
      const inputs = shapes.map((shape, i) => tf.tensor(feed(`input${i}`, ...shape).values, shape));
      const { recording, result } = record(native, inputs, () => [run(tf, ...(inputs as never[]))]);
      refuseUnportable(recording.outputs);
      const ids = native.getInputTensorIds(inputs);
      const portably = (hasOwnKernels: boolean) => {
        const program = new OutputProgram(native.binding, recording, [
          portablePass(new ExactArithmetic({ hasOwnKernels })),
        ]);
        const values = program.run(ids).slice();
        program.dispose();
        return values;
      };
      return { plain: Float32Array.from(result[0]!.dataSync()), own: portably(true), without: portably(false) };
    });
  }

  for (const [name, definition] of Object.entries(functions)) {
    it(`give ${name} the bits that TensorFlow's operations on whole numbers give it, close to the plain ones`, () => {
      const { plain, own, without } = eachWay(definition);
      expectSameBits(own, without, name);
      const largest = plain.reduce((max: number, value: number) => Math.max(max, Math.abs(value)), 0);
      own.forEach((value, i) => {
        expect(Math.abs(value - plain[i]!), `${name}, number ${i}`).to.be.at.most(1e-5 * largest);
      });
    });
  }
});
