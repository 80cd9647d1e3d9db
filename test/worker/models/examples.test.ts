import { globSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { generate } from "../../../examples/recommender/generate.ts";
import { readJob } from "../../../worker-runtime/src/job/parse.ts";

const examples = path.join(import.meta.dirname, "../../../examples");

describe("the examples", () => {
  it("are jobs, each of its own name", async () => {
    const files = globSync("*/job*.yaml", { cwd: examples }).sort();
    const jobs = await Promise.all(files.map((file) => readJob(path.join(examples, file))));
    expect(files.map(path.dirname)).to.include.members(["custom", "recommender", "sentiment", "vision"]);
    expect(new Set(jobs.map(({ name }) => name)).size).to.equal(files.length);
  });

  it("have ratings that are the same each time, and each user's of different items", () => {
    const { lines, deviation } = generate(1);
    expect(lines).to.deep.equal(generate(1).lines);
    expect(lines[1]).to.not.equal(generate(2).lines[1]);
    const pairs = lines.slice(1).map((line) => line.split(",").slice(0, 2).join());
    expect(new Set(pairs).size).to.equal(100_000);
    // Biases of 0.4 and 0.4, tastes of 3 x 0.7^4, noise of 0.5, less what people avoid.
    expect(deviation).to.be.within(0.9, 1.2);
  });
});
