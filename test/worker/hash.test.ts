import { expect } from "chai";
import fc from "fast-check";
import { canonicalJson, sha256 } from "../../worker-runtime/src/hash.ts";

describe("canonical JSON", () => {
  it("says the same value as JSON.stringify", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).to.deep.equal(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it("does not depend on the order in which fields were set", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse());
        expect(canonicalJson({ inner: [reversed] })).to.equal(canonicalJson({ inner: [value] }));
      }),
    );
  });

  it("sorts keys at every depth, by code unit, and leaves out undefined fields", () => {
    expect(canonicalJson({ b: [{ z: 1, a: null }], B: "é", 10: true, 9: undefined })).to.equal(
      '{"10":true,"B":"é","b":[{"a":null,"z":1}]}',
    );
  });

  it("refuses what JSON would silently change", () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, [undefined], { bytes: new Uint8Array(1) }, () => 1]) {
      expect(() => canonicalJson(value)).to.throw(TypeError, "Not a JSON value");
    }
  });
});

describe("sha256", () => {
  // FIPS 180-4, example B.1.
  const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

  it("gives the standard's answer, for text and for bytes", () => {
    expect(sha256("abc")).to.equal(abc);
    expect(sha256(new TextEncoder().encode("abc"))).to.equal(abc);
  });
});
