import { expect } from "chai";
import fc from "fast-check";
import { BadRow, UserError } from "../../../worker-runtime/src/errors.ts";
import { classAnswers, classMetrics, scoreClasses } from "../../../worker-runtime/src/models/classification.ts";
import { columnOf, numberOf } from "../../../worker-runtime/src/models/columns.ts";
import { Labels } from "../../../worker-runtime/src/models/labels.ts";
import { rowOf } from "./support.ts";

function learned(values: readonly unknown[]): { labels: Labels; names: readonly string[] } {
  const labels = new Labels('column "label"');
  for (const value of values) labels.observe(value);
  return { labels, names: labels.finish() };
}

describe("labels", () => {
  it("are numbered in one order, whatever the order of the rows", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(["10", "9", "b", "a", "-1", "B"], { minLength: 6 }), (values) => {
        expect(learned(values).names).to.deep.equal(["-1", "9", "10", "B", "a", "b"]);
      }),
    );
  });

  it("may be numbers, text or booleans, and mean the same in CSV and JSON", () => {
    const { labels } = learned([1, 0]);
    expect(labels.numberOf("1")).to.equal(1);
    expect(learned([true, false]).names).to.deep.equal(["false", "true"]);
  });

  it("that were never seen in training are named, with what there is", () => {
    const { labels } = learned(["cat", "dog"]);
    expect(() => labels.numberOf("cow")).to.throw(
      BadRow,
      'label "cow" never occurs in the training examples, which have cat, dog',
    );
  });

  it("must be two at least", () => {
    expect(() => learned(["cat", "cat"])).to.throw(UserError, 'all are labelled "cat" (column "label")');
    expect(() => learned([])).to.throw(UserError, "there are no training examples");
  });

  it("are not objects", () => {
    expect(() => learned([{ a: 1 }])).to.throw(
      BadRow,
      'column "label" must be a label, text or a number, and it is {"a":1}',
    );
  });
});

describe("the column of a role", () => {
  it("is the one that the job names, or the one called like the role", () => {
    expect(columnOf({ columns: { text: "review" } }, "text").read(rowOf({ review: "fine" }))).to.equal("fine");
    expect(columnOf({ columns: {} }, "text").read(rowOf({ text: "fine" }))).to.equal("fine");
    expect(columnOf({ columns: { text: 0 } }, "text").read(rowOf({ 0: "fine" }))).to.equal("fine");
  });

  it("is missed with the nearest name, and what names it", () => {
    const column = columnOf({ columns: { text: "reveiw" } }, "text");
    expect(() => column.read(rowOf({ review: "fine", stars: 5 }))).to.throw(
      BadRow,
      'there is no column "reveiw"; did you mean "review"? `data.columns.text` says which one is the text',
    );
    expect(() => columnOf({ columns: {} }, "text").read(rowOf({ review: "fine", stars: 5 }))).to.throw(
      BadRow,
      'there is no column "text"; the row has review, stars. `data.columns.text` says which one is the text',
    );
  });

  it("may not be empty", () => {
    for (const value of ["", null, undefined]) {
      expect(() => columnOf({ columns: {} }, "text").read(rowOf({ text: value }))).to.throw(
        BadRow,
        'column "text" is empty',
      );
    }
  });

  it("is read as a finite number only where it is one", () => {
    expect([numberOf("4.5", "c"), numberOf(" 7", "c"), numberOf(-1, "c"), numberOf(12n, "c")]).to.deep.equal([
      4.5, 7, -1, 12,
    ]);
    for (const value of ["four", " ", Number.NaN, "Infinity", true, [1]]) {
      expect(() => numberOf(value, 'column "rating"'), String(value)).to.throw(
        BadRow,
        'column "rating" must be a number',
      );
    }
  });
});

describe("a classifier's outputs", () => {
  const outputs = Float32Array.of(0.7, 0.2, 0.1, 0, 0.5, 0.5, 0.1, 0.1, 0.8);

  it("are scored by the most likely label and by cross-entropy", () => {
    const sums = scoreClasses(outputs, [0, 2, 2], 3);
    const loss = -(Math.log(0.7) + Math.log(0.5) + Math.log(0.8)) / 3;
    expect(sums).to.include({ examples: 3, correct: 2 });
    expect(classMetrics(sums).loss).to.be.closeTo(loss, 1e-7);
    expect(classMetrics(sums).accuracy).to.equal(2 / 3);
  });

  it("cost a finite amount when they were sure of something else", () => {
    expect(scoreClasses(Float32Array.of(1, 0), [1], 2).lossSum).to.be.closeTo(-Math.log(1e-7), 1e-6);
  });

  it("are told with the five likeliest labels, the best one first", () => {
    const labels = ["a", "b", "c", "d", "e", "f"];
    const [answer] = classAnswers(Float32Array.of(0.05, 0.5, 0.01, 0.2, 0.04, 0.2), labels);
    expect(answer).to.deep.equal({ label: "b", probabilities: { b: 0.5, d: 0.2, f: 0.2, a: 0.05, e: 0.04 } });
    expect(Object.keys(answer!.probabilities as object)).to.deep.equal(["b", "d", "f", "a", "e"]);
  });
});
