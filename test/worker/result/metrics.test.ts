import { expect } from "chai";
import { metricsLines } from "../../../worker-runtime/src/result/metrics.ts";
import { exampleRun } from "../../support/run-record.ts";

describe("metrics.jsonl", () => {
  const record = exampleRun({ rounds: 3, workers: 4 });
  const text = metricsLines(record);
  const lines = text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

  it("has one object for each round, and ends with a newline", () => {
    expect(lines.map(({ round }) => round)).to.deep.equal([0, 1, 2, 3]);
    expect(text.endsWith("}\n")).to.equal(true);
  });

  it("says what was measured, and leaves out what was not", () => {
    expect(lines[0]).to.have.all.keys("round", "examples", "learningRate", "trainLoss");
    expect(lines[1]).to.deep.include({ trainLoss: record.rounds[1]!.trainLoss, metrics: record.rounds[1]!.metrics });
    expect(lines[3]).to.have.all.keys("round", "examples", "metrics");
  });

  it("counts the examples that all workers had seen: 4 workers x 50 steps x 64", () => {
    expect(lines.map(({ examples }) => examples)).to.deep.equal([0, 12_800, 25_600, 38_400]);
  });

  it("gives the learning rate of a round's first step", () => {
    // 20 steps of warm-up to 0.002, so the first step's is a twenty-first of it.
    expect(lines[0].learningRate).to.be.closeTo(0.002 / 21, 1e-9);
    expect(lines[2].learningRate).to.be.below(lines[1].learningRate);
  });
});
