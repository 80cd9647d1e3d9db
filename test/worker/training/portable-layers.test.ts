import { expect } from "chai";
import type { Backend } from "../../../worker-runtime/src/training/backend.ts";
import type { NativeBackend } from "../../../worker-runtime/src/training/native.ts";
import { parts, valuesOf } from "../../numerics/layers.ts";
import { expectSameBits, feed, requireNative } from "./support.ts";

const input = (name: string, shape: number[]) => feed(name, ...shape).values as Float32Array;

describe("portable numerics in usual networks", () => {
  let backend: Backend & { readonly native: NativeBackend };

  before(async function () {
    backend = await requireNative(this);
  });

  for (const name of Object.keys(parts)) {
    it(`computes ${name} and its gradients as TensorFlow does but for rounding, with and without our kernels`, () => {
      const { plain, portable, withoutKernels } = valuesOf(backend, name, input, { withoutKernels: true });
      expectSameBits(portable, withoutKernels!, name);
      const largest = plain.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
      portable.forEach((value, i) => {
        expect(Math.abs(value - plain[i]!), `number ${i}: ${value}, plain ${plain[i]}`).to.be.at.most(2e-5 * largest);
      });
    });
  }
});
