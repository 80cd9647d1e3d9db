import { expect } from "chai";
import fc from "fast-check";
import {
  decodeSafetensors,
  encodeSafetensors,
  type SafeTensor,
} from "../../../worker-runtime/src/codec/safetensors.ts";
import { UserError } from "../../../worker-runtime/src/errors.ts";

const example = new Map<string, SafeTensor>([
  ["label", { type: "U8", shape: [3], values: Uint8Array.of(1, 2, 3) }],
  ["weights", { type: "F32", shape: [2, 2], values: Float32Array.of(1.5, -2, 0, 3.25) }],
]);

describe("safetensors", () => {
  it("writes the bytes that the format's own description asks for", () => {
    const header =
      '{"__metadata__":{"a":"b"},"weights":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"label":{"dtype":"U8","shape":[3],"data_offsets":[16,19]}}';
    const bytes = Buffer.from(encodeSafetensors(example, { a: "b" }));
    const padded = Math.ceil(header.length / 8) * 8;
    expect(bytes.readBigUInt64LE(0)).to.equal(BigInt(padded));
    expect(bytes.toString("utf8", 8, 8 + padded)).to.equal(header.padEnd(padded));
    expect([0, 4, 8, 12].map((at) => bytes.readFloatLE(8 + padded + at))).to.deep.equal([1.5, -2, 0, 3.25]);
    expect([...bytes.subarray(8 + padded + 16)]).to.deep.equal([1, 2, 3]);
  });

  it("reads back any tensors, on views where the bytes are aligned", () => {
    fc.assert(
      fc.property(tensors(), fc.dictionary(fc.string(), fc.string()), fc.boolean(), (written, metadata, aligned) => {
        const encoded = encodeSafetensors(written, metadata);
        const bytes = aligned ? encoded : shifted(encoded);
        const read = decodeSafetensors(bytes);
        expect(read.metadata).to.deep.equal(metadata);
        expect([...read.tensors.keys()].sort()).to.deep.equal([...written.keys()].sort());
        for (const [name, { type, shape, values }] of written) {
          expect(read.tensors.get(name)).to.deep.equal({ type, shape, values });
          if (aligned) expect(read.tensors.get(name)!.values.buffer).to.equal(bytes.buffer);
        }
      }),
    );
  });

  it("reads from a Buffer at an odd place in larger memory", () => {
    fc.assert(
      fc.property(tensors(), fc.nat(20), (written, offset) => {
        const encoded = encodeSafetensors(written);
        const larger = Buffer.alloc(offset + encoded.length + 9, 255);
        larger.set(encoded, offset);
        const read = decodeSafetensors(larger.subarray(offset, offset + encoded.length));
        for (const [name, tensor] of written) expect(read.tensors.get(name)).to.deep.equal(tensor);
      }),
    );
  });

  it("gives the same bytes in whatever order the tensors come", () => {
    fc.assert(
      fc.property(tensors(), (written) => {
        const backwards = new Map([...written].reverse());
        expect(encodeSafetensors(backwards)).to.deep.equal(encodeSafetensors(written));
      }),
    );
  });

  it("answers truncated and garbled files with an error for the user, or with tensors within the file", () => {
    const damage = fc.record({ cut: fc.nat(300), at: fc.nat(300), byte: fc.nat(255) });
    fc.assert(
      fc.property(tensors(), fc.array(damage, { minLength: 1, maxLength: 3 }), (written, damages) => {
        let bytes = encodeSafetensors(written);
        for (const { cut, at, byte } of damages) {
          if (at < bytes.length) bytes[at] = byte;
          if (cut < bytes.length / 4) bytes = bytes.subarray(0, bytes.length - cut);
        }
        expectRefusedOrWithin(bytes);
      }),
      { numRuns: 2000 },
    );
  });

  it("answers any header at all with an error for the user, or with tensors within the file", () => {
    const offset = fc.oneof(fc.nat(20), fc.constantFrom(-1, 2 ** 31, 2 ** 53, 1e300, 0.5, null, "4"));
    const description = fc.record({
      dtype: fc.constantFrom("F32", "U8", "I8", "F16", "toString", "__proto__", 3),
      shape: fc.oneof(fc.array(offset, { maxLength: 3 }), fc.constantFrom(null, "3", {}, { length: 2 })),
      data_offsets: fc.oneof(fc.array(offset, { minLength: 2, maxLength: 2 }), fc.constantFrom(null, 7, [])),
    });
    const header = fc.oneof(
      fc.dictionary(fc.constantFrom("a", "b", "__proto__", "__metadata__", "constructor"), description),
      fc.json(),
      fc.string(),
    );
    fc.assert(
      fc.property(header, fc.nat(24), (anything, dataBytes) => {
        const json = typeof anything === "string" ? anything : JSON.stringify(anything);
        expectRefusedOrWithin(file(json, dataBytes));
      }),
      { numRuns: 2000 },
    );
  });

  const lies: [what: string, header: string, dataBytes: number, says: RegExp][] = [
    [
      "a range beyond the end",
      '{"a":{"dtype":"U8","shape":[9],"data_offsets":[0,9]}}',
      8,
      /"a" ends at byte .* truncated/,
    ],
    ["a range that overlaps another", twoTensors("[0,4]", "[2,6]"), 6, /"b" starts at 2 where 4 was due/],
    ["a hole between ranges", twoTensors("[0,4]", "[5,9]"), 9, /"b" starts at 5 where 4 was due/],
    ["bytes that no tensor owns", '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', 2, /header speaks of/],
    [
      "a shape that is not its range",
      '{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}',
      8,
      /not F32 of shape \[3\]/,
    ],
    ["a huge shape", '{"a":{"dtype":"F32","shape":[4503599627370496],"data_offsets":[0,8]}}', 8, /not F32 of shape/],
    ["an unknown dtype", '{"a":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}', 2, /dtype "F16"; known are F64/],
    [
      "one name twice",
      '{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"\\u0061" :{"dtype":"I8","shape":[4],"data_offsets":[0,4]}}',
      4,
      /names something twice/,
    ],
    ["a name of control characters", '{"\\u0000":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}', 0, /not a name/],
    ["metadata that is not strings", '{"__metadata__":{"a":1}}', 0, /__metadata__/],
    ["no object", "[]", 0, /not a JSON object/],
    ["no JSON", "{", 0, /not JSON/],
  ];
  for (const [what, header, dataBytes, says] of lies) {
    it(`refuses ${what}`, () => {
      expect(() => decodeSafetensors(file(header, dataBytes), "x.safetensors")).to.throw(UserError, says);
      expect(() => decodeSafetensors(file(header, dataBytes), "x.safetensors")).to.throw(/^x\.safetensors is not/);
    });
  }

  it("refuses a header length beyond the file without reading it", () => {
    const bytes = Buffer.alloc(16, 0x7b);
    expect(() => decodeSafetensors(bytes)).to.throw(UserError, /ends within its header/);
    expect(() => decodeSafetensors(Buffer.alloc(7))).to.throw(UserError, /7 bytes/);
  });

  it("does not write values that do not fit their shape or type", () => {
    const wrong = (tensor: SafeTensor) => () => encodeSafetensors(new Map([["a", tensor]]));
    expect(wrong({ type: "F32", shape: [3], values: new Float32Array(2) })).to.throw("not F32 of shape [3]");
    expect(wrong({ type: "F32", shape: [2], values: new Int32Array(2) })).to.throw("not F32 of shape [2]");
  });
});

function tensors(): fc.Arbitrary<Map<string, SafeTensor>> {
  const shape = fc.array(fc.nat(4), { maxLength: 3 });
  const tensor = fc
    .tuple(fc.constantFrom("F64", "F32", "I32", "BF16", "I8", "U8"), shape, fc.infiniteStream(fc.nat(127)))
    .map(([type, shape, numbers]): SafeTensor => {
      const array = { F64: Float64Array, F32: Float32Array, I32: Int32Array, BF16: Uint16Array, I8: Int8Array }[
        type as "F64"
      ];
      const length = shape.reduce((product, size) => product * size, 1);
      return { type, shape, values: (array ?? Uint8Array).from({ length }, () => numbers.next().value!) } as SafeTensor;
    });
  const name = fc.string({ minLength: 1, maxLength: 40, unit: "grapheme" });
  return fc.array(fc.tuple(name, tensor), { maxLength: 4 }).map((entries) => new Map(entries));
}

function twoTensors(first: string, second: string): string {
  const tensor = (offsets: string) => `{"dtype":"U8","shape":[4],"data_offsets":${offsets}}`;
  return `{"a":${tensor(first)},"b":${tensor(second)}}`;
}

function file(header: string, dataBytes: number): Uint8Array {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(header)));
  return Buffer.concat([length, Buffer.from(header), Buffer.alloc(dataBytes, 1)]);
}

/** The same bytes, one further on in their buffer. */
function shifted(bytes: Uint8Array): Uint8Array {
  const longer = new Uint8Array(bytes.length + 1);
  longer.set(bytes, 1);
  return longer.subarray(1);
}

function expectRefusedOrWithin(bytes: Uint8Array): void {
  try {
    let total = 0;
    for (const { values } of decodeSafetensors(bytes).tensors.values()) total += values.byteLength;
    expect(total).to.be.at.most(bytes.length);
  } catch (error) {
    expect(error).to.be.instanceOf(UserError);
  }
}
