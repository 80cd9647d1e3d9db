import type { Tensor2D } from "@tensorflow/tfjs";
import { expect } from "chai";
import type { Tf } from "../../../worker-runtime/src/models/model.ts";
import type { Backend } from "../../../worker-runtime/src/training/backend.ts";
import type { NativeBackend } from "../../../worker-runtime/src/training/native.ts";
import { OutputFunction } from "../../../worker-runtime/src/training/output-function.ts";
import type { TrainedModel } from "../../../worker-runtime/src/training/trainer.ts";
import { expectSameBits, feed, requireNative } from "./support.ts";

describe("a model's outputs", () => {
  let backend: Backend & { readonly native: NativeBackend };

  before(async function () {
    backend = await requireNative(this);
  });

  type Outputs = (tf: Tf, w: Tensor2D, x: Tensor2D) => Tensor2D;
  const weights = () => feed("w", 6, 3).values as Float32Array;

  /** `calls`: how often the model was asked, op by op. */
  function open(outputs: Outputs) {
    const state = { calls: 0 };
    const model = {
      parameters: [{ name: "w", shape: [6, 3], initialiser: { kind: "zeros" } }],
      outputs: (tf: Tf, [w]: Tensor2D[], [x]: Tensor2D[]) => {
        state.calls++;
        return outputs(tf, w!, x!);
      },
    } as unknown as TrainedModel;
    return { function: new OutputFunction(backend, model), state };
  }

  function expectOpByOpBits(values: Float32Array, outputs: Outputs, x: ReturnType<typeof feed>) {
    const { tf } = backend;
    const expected = tf.tidy(() =>
      outputs(tf, tf.tensor2d(weights(), [6, 3]), tf.tensor2d(x.values, x.shape as [number, number])).dataSync(),
    );
    expectSameBits(values, expected as Float32Array, "outputs");
  }

  it("are one call from the third batch of a shape on, with the bits that they have op by op", () => {
    const outputs: Outputs = (tf, w, x) => tf.softmax(tf.add(tf.matMul(x, w), tf.tensor1d([1, 2, 3])));
    const { function: run, state } = open(outputs);
    for (let i = 0; i < 5; i++) {
      const [batch, rest] = [feed(`x${i}`, 8, 6), feed(`y${i}`, 5, 6)];
      expectOpByOpBits(run.run([batch], weights), outputs, batch);
      expectOpByOpBits(run.run([rest], weights), outputs, rest);
    }
    expect(state.calls).to.equal(4);
    run.dispose();
  });

  it("stay op by op when they depend on more than weights and batch", () => {
    let factor = 1;
    const { function: run } = open((tf, w, x) => tf.mul(tf.matMul(x, w), factor));
    const batch = feed("x", 8, 6);
    const [first] = run.run([batch], weights);
    for (factor = 2; factor < 6; factor++) expect(run.run([batch], weights)[0]! / first!).to.be.closeTo(factor, 1e-5);
    run.dispose();
  });

  it("stay op by op when they branch on a value", () => {
    const outputs: Outputs = (tf, w, x) => (x.dataSync()[0]! > 0 ? tf.matMul(x, w) : tf.neg(tf.matMul(x, w)));
    const { function: run } = open(outputs);
    for (let i = 0; i < 6; i++) {
      const batch = feed(`x${i}`, 8, 6);
      expectOpByOpBits(run.run([batch], weights), outputs, batch);
    }
    run.dispose();
  });

  it("keep a few programs, however many shapes they are asked for", () => {
    const outputs: Outputs = (tf, w, x) => tf.matMul(x, w);
    const { function: run, state } = open(outputs);
    for (let i = 0; i < 3; i++)
      for (let rows = 1; rows <= 6; rows++)
        expectOpByOpBits(run.run([feed("x", rows, 6)], weights), outputs, feed("x", rows, 6));
    // Four shapes twice, and two of them always.
    expect(state.calls).to.equal(4 * 2 + 2 * 3);
    run.dispose();
  });
});
