import { createHash } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import { Random } from "../../../worker-runtime/src/training/random.ts";

/** Philox-4x32-10 as its paper writes it, in BigInt. */
function philox(counter: readonly bigint[], key: readonly bigint[]): bigint[] {
  const low = (value: bigint) => value & 0xffff_ffffn;
  let [c0, c1, c2, c3] = counter as [bigint, bigint, bigint, bigint];
  let [k0, k1] = key as [bigint, bigint];
  for (let round = 0; round < 10; round++) {
    const product0 = 0xd2511f53n * c0;
    const product1 = 0xcd9e8d57n * c2;
    [c0, c1, c2, c3] = [(product1 >> 32n) ^ c1 ^ k0, low(product1), (product0 >> 32n) ^ c3 ^ k1, low(product0)];
    [k0, k1] = [low(k0 + 0x9e3779b9n), low(k1 + 0xbb67ae85n)];
  }
  return [c0, c1, c2, c3];
}

describe("the random generator", () => {
  // kat_vectors of the Random123 library, which its authors publish.
  it("is compared with a Philox that gives the published answers", () => {
    expect(philox([0n, 0n, 0n, 0n], [0n, 0n])).to.deep.equal([0x6627e8d5n, 0xe169c58dn, 0xbc57ac4cn, 0x9b00dbd8n]);
    expect(philox([0x243f6a88n, 0x85a308d3n, 0x13198a2en, 0x03707344n], [0xa4093822n, 0x299f31d0n])).to.deep.equal([
      0xd16cfe09n,
      0x94fdccebn,
      0x5001e420n,
      0x24126ea1n,
    ]);
  });

  const seed = fc.integer({ min: 0, max: 2 ** 31 - 1 });
  const block = fc.oneof(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 0, max: 2 ** 51 - 16 }));

  it("is Philox over the index, keyed by the hash of seed and path", () => {
    fc.assert(
      fc.property(seed, fc.string(), block, (seed, name, block) => {
        const digest = createHash("sha256").update(`${seed}/${name}`).digest();
        const key = [BigInt(digest.readUInt32LE(0)), BigInt(digest.readUInt32LE(4))];
        const counter = [BigInt(block) & 0xffff_ffffn, BigInt(block) >> 32n, 0n, 0n];
        const random = new Random(seed, name);
        const numbers = [0, 1, 2, 3].map((word) => random.uint32(4 * block + word));
        expect(numbers).to.deep.equal(philox(counter, key).map(Number));
      }),
    );
  });

  it("fills an array with the numbers that it gives one by one", () => {
    fc.assert(
      fc.property(seed, block, fc.integer({ min: 0, max: 8 }), (seed, block, blocks) => {
        const random = new Random(seed);
        const target = new Uint32Array(4 * blocks);
        random.fillUint32(target, 4 * block);
        expect([...target]).to.deep.equal(Array.from(target, (_, i) => random.uint32(4 * block + i)));
      }),
    );
    expect(() => new Random(1).fillUint32(new Uint32Array(3), 0)).to.throw(RangeError);
    expect(() => new Random(1).fillUint32(new Uint32Array(4), 2)).to.throw(RangeError);
  });
});
