import { expect } from "chai";
import fc from "fast-check";
import { readCsv, readTsv } from "../../../worker-runtime/src/data/readers/csv.ts";
import { readJson } from "../../../worker-runtime/src/data/readers/json.ts";
import { readJsonLines } from "../../../worker-runtime/src/data/readers/jsonl.ts";
import { readMovieLens } from "../../../worker-runtime/src/data/readers/movielens.ts";
import type { ReadOptions, TextReader } from "../../../worker-runtime/src/data/readers/reader.ts";
import { allRows, inPieces, refusal } from "./support.ts";

const withHeader: ReadOptions = { header: true, numbered: [] };
const pieces = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 });

async function read(reader: TextReader, text: string | Uint8Array, sizes?: number[], options = withHeader) {
  return allRows(reader(inPieces(text, sizes), "data.txt", options));
}

describe("CSV", () => {
  const field = fc.string({ unit: fc.constantFrom(...'ab,"\n\r é☃ '.split(""), "\r\n"), maxLength: 6 });
  const table = fc
    .tuple(fc.integer({ min: 2, max: 4 }), fc.constantFrom("\n", "\r\n"), fc.boolean())
    .chain(([width, ending, bom]) =>
      fc.record({
        records: fc.array(fc.array(field, { minLength: width, maxLength: width }), { maxLength: 8 }),
        ending: fc.constant(ending),
        bom: fc.constant(bom),
        width: fc.constant(width),
      }),
    );

  it("reads back any records, each with the line it starts on, in whatever pieces the bytes come", async () => {
    await fc.assert(
      fc.asyncProperty(table, pieces, async ({ records, ending, bom, width }, sizes) => {
        const names = Array.from({ length: width }, (_, i) => `c${i}`);
        let text = (bom ? "\ufeff" : "") + names.join(",") + ending;
        const due = records.map((record) => {
          const line = text.split(/\r\n|\n|\r/).length;
          text += record.map(quoted).join(",") + ending;
          return { file: "data.txt", line, values: Object.fromEntries(record.map((value, i) => [`c${i}`, value])) };
        });
        expect(await read(readCsv, text, sizes)).to.deep.equal(due);
      }),
      { numRuns: 300 },
    );
  });

  it("does not need a line end at the end, and passes over empty lines", async () => {
    const rows = await read(readCsv, 'a,b\n\n1,"x\r\ny"\r\n\n\n2,"z"');
    expect(rows).to.deep.equal([
      { file: "data.txt", line: 3, values: { a: "1", b: "x\r\ny" } },
      { file: "data.txt", line: 7, values: { a: "2", b: "z" } },
    ]);
  });

  it("gives columns by number without a header, and besides their name where a number is asked for", async () => {
    expect(await read(readCsv, "1,2\n", undefined, { header: false, numbered: [1] })).to.deep.equal([
      { file: "data.txt", line: 1, values: { 0: "1", 1: "2" } },
    ]);
    expect(await read(readCsv, "a,b\n1,2\n", undefined, { header: true, numbered: [1, 7] })).to.deep.equal([
      { file: "data.txt", line: 2, values: { a: "1", b: "2", 1: "2" } },
    ]);
  });

  it("names a record that is too short or too long, and goes on behind it", async () => {
    expect(await read(readCsv, "a,b\n1\n1,2,3\n1,2\n")).to.deep.equal([
      { file: "data.txt", line: 2, problem: "1 field where the header has 2" },
      { file: "data.txt", line: 3, problem: "3 fields where the header has 2" },
      { file: "data.txt", line: 4, values: { a: "1", b: "2" } },
    ]);
  });

  it("takes a quote within a field as it is", async () => {
    const rows = await read(readCsv, 'a,b\n5" disk,"say "hi" twice"\n');
    expect(rows[0]).to.have.property("values").deep.equal({ a: '5" disk', b: '"say "hi" twice"' });
  });

  it("names the record whose quote is never closed", async () => {
    for (const sizes of [[1], [5], [100]]) {
      const message = await refusal(read(readCsv, 'a,b\n1,2\n3,"four\n5,6\n7,8\n', sizes));
      expect(message).to.match(/^data\.txt:3: the record has a quote that is never closed\./);
    }
  });

  it("ends when a quote that is left open swallows more than a record may have", async () => {
    const endless = (async function* () {
      yield Buffer.from('a,b\n1,"');
      for (;;) yield Buffer.alloc(2 ** 20, "x");
    })();
    expect(await refusal(allRows(readCsv(endless, "data.txt", withHeader)))).to.match(/^data\.txt:2: .* 16 MiB/);
  });

  it("refuses two columns of one name", async () => {
    expect(await refusal(read(readCsv, "\na,b,a\n1,2,3\n"))).to.match(/^data\.txt:2: two columns are called "a"/);
  });

  it("reads nothing from nothing", async () => {
    for (const text of ["", "\ufeff", "a,b", "a,b\n", "\n\n"]) expect(await read(readCsv, text)).to.deep.equal([]);
  });
});

describe("TSV", () => {
  it("knows no quotes", async () => {
    expect(await read(readTsv, 'a\tb\n"1\t2"\r\n3\t""\n', [2])).to.deep.equal([
      { file: "data.txt", line: 2, values: { a: '"1', b: '2"' } },
      { file: "data.txt", line: 3, values: { a: "3", b: '""' } },
    ]);
  });
});

describe("JSON Lines", () => {
  it("reads back any objects, each with its line, in whatever pieces the bytes come", async () => {
    const object = fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue());
    const record = fc.tuple(object, fc.constantFrom("\n", "\r\n", "\n\n", "\r\n\n"));
    await fc.assert(
      fc.asyncProperty(fc.array(record, { maxLength: 6 }), fc.boolean(), pieces, async (records, bom, sizes) => {
        let text = bom ? "\ufeff" : "";
        const due = records.map(([object, ending]) => {
          const line = text.split("\n").length;
          text += JSON.stringify(object) + ending;
          return { file: "data.txt", line, values: JSON.parse(JSON.stringify(object)) };
        });
        expect(await read(readJsonLines, text, sizes)).to.deep.equal(due);
      }),
    );
  });

  it("names a line that is no record, and goes on behind it", async () => {
    const rows = await read(readJsonLines, '{"a":1}\n\n{"a":\n7\nnull\n[3,4]');
    expect(rows.map((row) => row.line)).to.deep.equal([1, 3, 4, 5, 6]);
    expect(rows[1])
      .to.have.property("problem")
      .match(/^not JSON: /);
    expect(rows[2]).to.have.property("problem", "a record must be an object or a list, this one is 7");
    expect(rows[3])
      .to.have.property("problem")
      .match(/this one is null/);
    expect(rows[4]).to.have.nested.property("values[1]", 4);
  });
});

describe("JSON", () => {
  it("reads a list of objects, numbered from 1", async () => {
    expect(await read(readJson, '\ufeff[{"a":1},\n 2]', [3])).to.deep.equal([
      { file: "data.txt", line: 1, values: { a: 1 } },
      { file: "data.txt", line: 2, problem: "a record must be an object or a list, this one is 2" },
    ]);
  });

  it("says what is wrong with anything else", async () => {
    expect(await refusal(read(readJson, '[{"a":1'))).to.match(/^data\.txt is not JSON: .*position/);
    expect(await refusal(read(readJson, '{"a":1}'))).to.match(/must hold one JSON list/);
    expect(await refusal(read(readJson, ""))).to.match(/is not JSON/);
  });

  it("stops at its size limit instead of filling the memory", async () => {
    let asked = 0;
    const endless = (async function* () {
      for (; ; asked++) yield Buffer.alloc(2 ** 20, " ");
    })();
    expect(await refusal(allRows(readJson(endless, "big.json")))).to.match(/larger than 64 MiB.*jsonl/);
    expect(asked).to.be.below(66);
  });
});

describe("MovieLens' :: format", () => {
  it("reads user, item, rating and time, and names a line that has other fields", async () => {
    expect(await read(readMovieLens, "1::1193::5::978300760\r\n2::3\n1::2::3::4::5\n", [7])).to.deep.equal([
      { file: "data.txt", line: 1, values: { user: "1", item: "1193", rating: "5", time: "978300760" } },
      { file: "data.txt", line: 2, problem: 'not of the form user::item::rating::time: "2::3"' },
      { file: "data.txt", line: 3, problem: 'not of the form user::item::rating::time: "1::2::3::4::5"' },
    ]);
  });
});

function quoted(value: string): string {
  return /[",\r\n]/.test(value) || value === "" ? `"${value.replaceAll('"', '""')}"` : value;
}
