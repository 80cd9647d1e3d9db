import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { sha256 } from "../../worker-runtime/src/hash.ts";
import type { FinishedEvent } from "../../worker-runtime/src/job/events.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { writeJob } from "./reviews-job.ts";
import { runTrivet } from "./run-trivet.ts";

describe("trivet estimate, plan and cost", () => {
  const folder = temporaryFolder();
  const trivet = (...args: string[]) => runTrivet(folder(), args);
  const lastOf = (stdout: string) => JSON.parse(stdout.trimEnd().split("\n").at(-1)!) as FinishedEvent;

  it("estimates a job that has never run, by steps taken now, and one that has, by its rounds", async () => {
    writeJob(folder(), 4);
    const { exitCode, stdout, stderr } = await trivet("estimate", "--json");
    expect(exitCode, stderr).to.equal(0);
    const before = JSON.parse(stdout);
    expect(before.clouds.map(({ cloud }: { cloud: string }) => cloud)).to.deep.equal(["aws", "gcp", "azure"]);
    expect(before.paceFrom).to.match(/^by \d+ steps on this machine/);
    expect(before.pace.stepMs).to.be.above(0);
    for (const { dollars } of before.clouds) expect(dollars.low).to.be.below(dollars.high);

    await trivet("train", "--quiet");
    const after = JSON.parse((await trivet("estimate", "--json")).stdout);
    expect(after.job).to.equal(before.job);
    expect(after.paceFrom).to.equal("from 5 rounds that it has run on this machine");

    const { stdout: shown } = await trivet("estimate", "--explain");
    expect(shown).to.match(/AWS, us-east-1 +Google Cloud, us-central1 +Azure, eastus/);
    expect(shown).to.match(/cheaper if in use for/);
    expect(shown).to.match(/PUT +W \+ S \+ 2 += 5/);
    expect(shown).to.match(/memory +\S+ GiB-seconds +x +\$0\.0000167 +=/);
  });

  it("takes prices of one's own, and names all that is wrong with them", async () => {
    writeJob(folder(), 2);
    writeFileSync(join(folder(), "ours.yaml"), "aws: { memoryGibSecond: { dollars: 0.1, asOf: 2026-11 } }\n");
    await trivet("train", "--quiet");
    const [list, own] = await Promise.all(
      [[], ["--prices", "ours.yaml"]].map(async (args) =>
        JSON.parse((await trivet("estimate", "--json", ...args)).stdout),
      ),
    );
    expect(own.clouds[0].dollars.expected).to.be.above(1000 * list.clouds[0].dollars.expected);
    expect(own.clouds[1].dollars.expected).to.be.closeTo(list.clouds[1].dollars.expected, 1e-12);
    writeFileSync(join(folder(), "ours.yaml"), "aws: { memoryGibSecnd: { dollars: 0.1, asOf: 2026-11 } }\n");
    const wrong = await trivet("cost", "reviews", "--prices", "ours.yaml");
    expect(wrong.exitCode).to.equal(2);
    expect(wrong.stderr).to.include("ours.yaml:1:8 aws.memoryGibSecnd: unknown field; did you mean `memoryGibSecond`?");
    expect((await trivet("cost", "reviews", "--prices", "none.yaml")).stderr).to.match(
      /--prices none.yaml cannot be read/,
    );
  });

  it("tells what a job has cost, beside its forecast", async () => {
    writeJob(folder(), 6);
    const estimated = JSON.parse((await trivet("estimate", "--json")).stdout);
    await trivet("train", "--quiet");
    await trivet("estimate");
    const told = JSON.parse((await trivet("cost", "reviews", "--json")).stdout);
    expect(told).to.include({ roundsClosed: 7, rounds: 6, tasks: 7 * 2 + 6, deliveredAgain: 0 });
    // Two processes may see a round complete at once; then one of them has worked in vain.
    expect(told.doneTwice).to.be.within(0, 6);
    // The one from before it ran, not the later one.
    expect(told.estimate.dollars.aws).to.deep.equal(estimated.clouds[0].dollars);
    expect(told.coldStarts.tasks).to.be.within(1, 2);
    expect(told.peakMemoryBytes).to.be.above(1e8);
    const { stdout } = await trivet("cost", "reviews");
    expect(stdout).to.match(/ran on this machine/);
    expect(stdout).to.match(/^ {2}sum +\$\S+ +\$\S+ +\$\S+$/m);
    expect(stdout).to.match(/^ {2}gap +[+-]\S+ %/m);
    expect(stdout).to.match(/^ {2}estimated before +\$/m);
    expect((await trivet("cost", "review")).stderr).to.match(/Did you mean reviews\?/);
  });

  it("plans for a deadline or a budget, and says what changes the result", async () => {
    writeJob(folder(), 4);
    await trivet("train", "--quiet");
    const planned = JSON.parse((await trivet("plan", "--deadline", "10m", "--json")).stdout);
    expect(planned.chosen.wallMs).to.be.at.most(600_000);
    for (const option of planned.frontier) expect(option.dollars).to.be.at.least(planned.frontier.at(-1).dollars);
    const { stdout } = await trivet("plan", "--budget", "1", "--vary", "none");
    expect(stdout).to.match(/^ {2}chosen /m);
    expect(stdout).to.include("nothing: the result stays the same, to the bit");
    const late = await trivet("plan", "--deadline", "1s");
    expect(late.exitCode).to.equal(2);
    expect(late.stderr).to.match(/job.yaml cannot be ready in 1.0 s: the fastest choice takes/);
    expect((await trivet("plan", "--deadline", "soon")).stderr).to.include("It must be a time such as 90s, 30m or 2h.");
    expect((await trivet("plan", "--deadline", "1m", "--budget", "2")).exitCode).to.equal(2);
  });

  it("stops by its budget with exit code 4, keeps the model, and goes on with more to the bits of an uncapped run", async () => {
    writeJob(folder(), 8);
    const free = lastOf((await trivet("train", "--json", "--store", "free")).stdout);
    const { clouds } = JSON.parse((await trivet("cost", "reviews", "--store", "free", "--json")).stdout);
    const dearest = Math.max(...clouds.map(({ dollars }: { dollars: number }) => dollars));
    const cap = (dearest * 0.6).toFixed(9);
    writeFileSync(
      join(folder(), "job.yaml"),
      `${readFileSync(join(folder(), "job.yaml"), "utf8")}budget: { dollars: ${cap} }\n`,
    );
    const stopped = await trivet("train", "--json");
    expect(stopped.exitCode, stopped.stderr).to.equal(4);
    const outcome = lastOf(stopped.stdout);
    expect(outcome).to.include({ state: "out-of-budget", job: free.job });
    expect(outcome.nextRound).to.be.within(1, 7);
    expect(outcome.reason).to.match(/^of its budget of \$/);
    expect(outcome.resultFolder).to.match(/stopped\/0001\/$/);
    const bytes = readFileSync(join(outcome.resultFolder!, "model.safetensors"));
    expect(sha256(bytes)).to.equal(
      JSON.parse(readFileSync(join(outcome.resultFolder!, "manifest.json"), "utf8")).files["model.safetensors"],
    );

    // The model so far answers, and verifies; the same command says the same again.
    const asked = await runTrivet(folder(), ["predict", "reviews"], { input: "a lovely film\n" });
    expect(asked.exitCode, asked.stderr).to.equal(0);
    expect((await trivet("predict", outcome.resultFolder!, "reviews.csv")).exitCode).to.equal(0);
    const inspected = JSON.parse((await trivet("inspect", "reviews", "--json")).stdout);
    expect(inspected.problems).to.deep.equal([]);
    expect(inspected.result.state).to.equal("out-of-budget");
    const { weightsHashes } = JSON.parse((await trivet("diff", "reviews", "reviews", "--json")).stdout);
    expect(weightsHashes).to.deep.equal([inspected.result.weightsHash, inspected.result.weightsHash]);
    const same = await trivet("train");
    expect(same.exitCode).to.equal(4);
    expect(same.stdout).to.include("Stopped by its budget").and.to.include("--budget <dollars>");

    const resumed = await trivet("train", "--budget", "100", "--json");
    expect(resumed.exitCode, resumed.stderr).to.equal(0);
    expect(resumed.stdout).to.include('"type":"resumed"');
    expect(lastOf(resumed.stdout).weightsHash).to.equal(free.weightsHash);
    expect(JSON.parse((await trivet("cost", "reviews", "--json")).stdout).budget).to.equal(100);
    expect((await trivet("train", "--budget", "free")).stderr).to.include("It must be an amount of dollars above 0");
  });
});
