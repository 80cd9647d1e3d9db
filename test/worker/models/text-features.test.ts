import { expect } from "chai";
import fc from "fast-check";
import { hashText, textFeatures } from "../../../worker-runtime/src/models/text/features.ts";

const settings = { wordNgrams: 2, characterNgrams: [3, 5] as [number, number], buckets: 2 ** 16 };
const wordsOnly = { wordNgrams: 1, characterNgrams: null, buckets: 2 ** 20 };

const total = (counts: Map<number, number>) => [...counts.values()].reduce((sum, count) => sum + count, 0);

describe("the features of a text", () => {
  it("hash by FNV-1a, whose published values hold for ASCII", () => {
    // Test vectors of the algorithm's authors, http://www.isthe.com/chongo/src/fnv/test_fnv.c
    expect(hashText("")).to.equal(0x811c9dc5);
    expect(hashText("a")).to.equal(0xe40c292c);
    expect(hashText("foobar")).to.equal(0xbf9cf968);
  });

  it("are the same on every machine", () => {
    // Computed by another program: 1 + (hash of the run, mixed) % (2^20 - 1).
    expect([...textFeatures("A good film", wordsOnly).keys()]).to.deep.equal([45916, 123179, 607980]);
    const withCharacters = { ...wordsOnly, characterNgrams: [3, 5] as [number, number] };
    expect([...textFeatures("Ok", withCharacters).keys()]).to.deep.equal([417154, 738247, 900178, 493957]);
  });

  it("do not depend on case, punctuation or spaces, in any script", () => {
    for (const [a, b] of [
      ["Great FILM!", "great   film"],
      ["ÜBERRASCHEND, schön", "überraschend\nschön"],
      ["Очень ХОРОШО", "очень хорошо"],
      ["好看，电影", "好看 电影"],
      ["नमस्ते दुनिया।", "नमस्ते दुनिया"],
    ] as const) {
      const features = textFeatures(a, settings);
      expect(features, a).to.deep.equal(textFeatures(b, settings));
      expect(features.size, a).to.be.above(2);
    }
  });

  it("tell the order of words apart, but only with runs of two", () => {
    const both = (wordNgrams: number) =>
      ["dog bites man", "man bites dog"].map((text) => [...textFeatures(text, { ...wordsOnly, wordNgrams })].sort());
    expect(both(1)[0]).to.deep.equal(both(1)[1]);
    expect(both(2)[0]).to.not.deep.equal(both(2)[1]);
  });

  it("are all runs of words, and of characters inside a word and its spaces", () => {
    const word = fc.stringMatching(/^[a-z0-9]{1,9}$/);
    fc.assert(
      fc.property(fc.array(word, { maxLength: 8 }), (words) => {
        const runs = (length: number, from: number, to: number) => {
          let count = 0;
          for (let n = from; n <= to; n++) count += Math.max(0, length - n + 1);
          return count;
        };
        const characters = words.reduce((sum, { length }) => sum + runs(length + 2, 3, 5), 0);
        expect(total(textFeatures(words.join(" "), settings))).to.equal(runs(words.length, 1, 2) + characters);
      }),
    );
  });

  it("stay between bucket 1 and the last one, and fill them evenly", () => {
    const counts = new Map<number, number>();
    for (let i = 0; i < 4000; i++) {
      for (const bucket of textFeatures(`word${i}`, { ...wordsOnly, buckets: 5 }).keys()) {
        counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
      }
    }
    expect([...counts.keys()].sort()).to.deep.equal([1, 2, 3, 4]);
    for (const count of counts.values()) expect(count).to.be.within(900, 1100);
  });

  it("are none in a text without words, and any number in a long one", () => {
    expect(textFeatures("", settings).size).to.equal(0);
    expect(textFeatures("?! 🙂 —", settings).size).to.equal(0);
    const long = Array.from({ length: 100_000 }, (_, i) => `w${i}`).join(" ");
    expect(total(textFeatures(long, wordsOnly))).to.equal(100_000);
  });
});
