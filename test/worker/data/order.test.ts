import { expect } from "chai";
import fc from "fast-check";
import { heldOutRange, trainingOrder } from "../../../worker-runtime/src/data/order.ts";
import type { DatasetManifest } from "../../../worker-runtime/src/data/types.ts";

const shards = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 });
const seed = fc.integer({ min: 0, max: 2 ** 31 - 1 });

describe("the training order", () => {
  it("is a permutation in every epoch, another in each, and the same however it is asked for", () => {
    fc.assert(
      fc.property(shards, seed, fc.integer({ min: 1, max: 50 }), (sizes, seed, piece) => {
        const manifest = manifestOf(sizes);
        const { examples } = manifest.train;
        const whole = Array.from(trainingOrder(manifest, seed, 0, 3 * examples));
        const all = Array.from({ length: examples }, (_, i) => i);
        for (let epoch = 0; epoch < 3; epoch++) {
          const part = whole.slice(epoch * examples, (epoch + 1) * examples);
          expect(part.toSorted((a, b) => a - b)).to.deep.equal(all);
        }
        const pieces: number[] = [];
        while (pieces.length < whole.length) {
          const count = Math.min(piece, whole.length - pieces.length);
          pieces.push(...trainingOrder(manifestOf(sizes), seed, pieces.length, count));
        }
        expect(pieces).to.deep.equal(whole);
      }),
    );
  });

  it("differs from epoch to epoch and from seed to seed", () => {
    const manifest = manifestOf([50, 50, 50]);
    const orders = [0, 150, 300].map((start) => Array.from(trainingOrder(manifest, 7, start, 150)).join());
    orders.push(Array.from(trainingOrder(manifest, 8, 0, 150)).join());
    expect(new Set(orders).size).to.equal(4);
  });

  it("touches few shards in a stretch", () => {
    fc.assert(
      fc.property(shards, seed, fc.nat(500), fc.integer({ min: 1, max: 60 }), (sizes, seed, start, count) => {
        const stretch = trainingOrder(manifestOf(sizes), seed, start, count);
        const shardOf = (position: number) => sizes.findIndex((_, i) => position < sum(sizes.slice(0, i + 1)));
        const runs = Array.from(stretch, shardOf).filter((shard, i, all) => i === 0 || shard !== all[i - 1]).length;
        // As many as fit, one that is cut at each end, and one more where an epoch ends.
        expect(runs).to.be.at.most(Math.ceil(count / Math.min(...sizes)) + 2);
      }),
    );
  });
});

describe("the held-out ranges of workers", () => {
  it("are all of it, each example once, in nearly equal parts", () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.integer({ min: 1, max: 50 }), (total, workers) => {
        const ranges = Array.from({ length: workers }, (_, worker) => heldOutRange(total, workers, worker));
        let next = 0;
        for (const [from, to] of ranges) {
          expect(from).to.equal(next);
          expect(to - from).to.be.within(Math.floor(total / workers), Math.ceil(total / workers));
          next = to;
        }
        expect(next).to.equal(total);
      }),
    );
  });
});

function manifestOf(sizes: readonly number[]): Pick<DatasetManifest, "train"> {
  const shards = sizes.map((examples) => ({ sha256: "", examples, sizeBytes: 0 }));
  return { train: { columns: [], examples: sum(sizes), shards } };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
