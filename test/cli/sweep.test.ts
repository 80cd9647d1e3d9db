import { spawn } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect } from "chai";
import type { RunOutcome, SweepEvent, SweepOutcome } from "../../worker-runtime/src/clouds/local/sweep.ts";
import { InvalidJob } from "../../worker-runtime/src/job/parse.ts";
import { sweepSchema } from "../../worker-runtime/src/sweep/document.ts";
import { readSweep } from "../../worker-runtime/src/sweep/parse.ts";
import { roundOfRung, rungsOf } from "../../worker-runtime/src/sweep/rungs.ts";
import { settingsOf } from "../../worker-runtime/src/sweep/settings.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { writeJob } from "./reviews-job.ts";
import { command, runTrivet } from "./run-trivet.ts";

const never = () => false;

describe("the runs of a sweep", () => {
  it("are every combination of a grid, the last parameter fastest", () => {
    const sweep = sweepSchema.parse({ parameters: { a: [1, 2], b: ["x", null] } });
    expect(settingsOf(sweep, never)).to.deep.equal([
      { a: 1, b: "x" },
      { a: 1, b: null },
      { a: 2, b: "x" },
      { a: 2, b: null },
    ]);
  });

  it("are drawn by the seed, all different, within their ranges, and whole where the job wants it", () => {
    const parameters = {
      rate: { from: 0.001, to: 10, scale: "log" },
      count: { from: 1, to: 6 },
      codec: ["fp32", "int8"],
    };
    const draw = (seed: number) =>
      settingsOf(sweepSchema.parse({ method: "random", runs: 40, seed, parameters }), (path) => path === "count");
    const runs = draw(1) as { rate: number; count: number; codec: string }[];
    expect(runs).to.have.length(40);
    expect(new Set(runs.map((run) => JSON.stringify(run))).size).to.equal(40);
    expect(draw(1)).to.deep.equal(runs);
    expect(draw(2)).not.to.deep.equal(runs);
    expect(new Set(runs.map(({ count }) => count))).to.deep.equal(new Set([1, 2, 3, 4, 5, 6]));
    for (const { rate } of runs) expect(rate).to.be.within(0.001, 10);
    // By the logarithm, so that half of the draws are below 0.1.
    expect(runs.filter(({ rate }) => rate < 0.1).length).to.be.within(12, 28);
  });

  it("are as many as there are, where a sweep asks for more", () => {
    const sweep = sweepSchema.parse({ method: "random", runs: 50, parameters: { a: [1, 2, 3] } });
    expect(settingsOf(sweep, never)).to.have.length(3);
  });

  it("train on by thirds in successive halving, and are compared in a round that is measured", () => {
    expect(rungsOf(9, 3)).to.deep.equal([
      { runs: 9, fraction: 1 / 9 },
      { runs: 3, fraction: 1 / 3 },
      { runs: 1, fraction: 1 },
    ]);
    expect(rungsOf(8, 2).map(({ runs }) => runs)).to.deep.equal([8, 4, 2, 1]);
    expect(rungsOf(1, 3)).to.deep.equal([{ runs: 1, fraction: 1 }]);
    expect(roundOfRung({ runs: 9, fraction: 1 / 9 }, 20, 1)).to.equal(3);
    expect(roundOfRung({ runs: 9, fraction: 1 / 9 }, 20, 5)).to.equal(5);
    expect(roundOfRung({ runs: 3, fraction: 1 / 3 }, 3, 5)).to.equal(undefined);
    expect(roundOfRung({ runs: 1, fraction: 1 }, 20, 1)).to.equal(undefined);
  });
});

describe("a sweep file", () => {
  const folder = temporaryFolder();
  const problemsOf = async (text: string) => {
    writeFileSync(join(folder(), "sweep.yaml"), text);
    const error = await readSweep(join(folder(), "sweep.yaml")).then(
      () => undefined,
      (error) => error,
    );
    expect(error).to.be.instanceOf(InvalidJob);
    return (error as InvalidJob).problems.map(({ file, line, path, message }) => [
      `${file.slice(folder().length + 1)}:${line}`,
      path,
      message,
    ]);
  };

  beforeEach(() => writeJob(folder(), 2));

  it("sets what it names, and leaves the rest of the job alone", async () => {
    writeFileSync(
      join(folder(), "sweep.yaml"),
      "parameters:\n  training.learningRate: [1, 2]\n  training.optimizer: [{ kind: adam }]\n",
    );
    const { runs, folder: jobFolder } = await readSweep(join(folder(), "sweep.yaml"));
    expect(jobFolder).to.equal(folder());
    expect(runs.map(({ document }) => document.training.learningRate)).to.deep.equal([1, 2]);
    expect(runs[0]!.document.training).to.deep.include({ batchSize: 8 });
    expect(runs[0]!.document.training.optimizer).to.include({ kind: "adam", beta1: 0.9 });
  });

  it("that is wrong is told everything at once, with lines and nearest names, the job file's mistakes too", async () => {
    writeFileSync(join(folder(), "job.yaml"), `${readFileSync(join(folder(), "job.yaml"), "utf8")}workrs: 3\n`);
    expect(await problemsOf("method: gird\nparameter: {}\nseed: -1\n")).to.deep.equal([
      ["sweep.yaml:1", "method", 'found "gird"; expected one of grid, random, halving; did you mean `grid`?'],
      ["sweep.yaml:1", "parameters", "missing; expected a mapping"],
      ["sweep.yaml:2", "parameter", "unknown field; did you mean `parameters`?"],
      ["sweep.yaml:3", "seed", "found -1; expected a whole number from 0 to 2147483647"],
      ["job.yaml:7", "workrs", "unknown field; did you mean `workers`?"],
    ]);
  });

  it("is told of values that the job refuses, where they stand, with the nearest field", async () => {
    const problems = await problemsOf(
      "parameters:\n  training.learningrate: [1]\n  training.batchSize:\n    - 8\n    - 0\n  rounds.codec: [fp16]\n  training.epochs: [1]\n  __proto__.x: [1]\n",
    );
    expect(problems).to.deep.equal([
      ["sweep.yaml:2", 'parameters["training.learningrate"]', "unknown field; did you mean `learningRate`?"],
      ["sweep.yaml:5", 'parameters["training.batchSize"][1]', "found 0; expected a whole number from 1 to 65536"],
      [
        "sweep.yaml:6",
        'parameters["rounds.codec"][0]',
        'found "fp16"; expected one of fp32, bf16, int8; did you mean `fp32`?',
      ],
      [
        "sweep.yaml:7",
        'parameters["training.epochs"][0]',
        "with 1 the job is wrong at rounds.count: the length is given twice; keep this or `training.epochs`",
      ],
      [
        "sweep.yaml:8",
        'parameters["__proto__.x"]',
        "unknown field; known here: name, model, data, training, numerics, workers, rounds, seed, budget",
      ],
    ]);
  });

  it("is told of rules between its fields", async () => {
    expect(await problemsOf("runs: 3\nfactor: 2\nparameters: { seed: { from: 5, to: 1 } }\n")).to.deep.equal([
      ["sweep.yaml:1", "runs", "a grid has as many runs as combinations; leave it out, or choose `method: random`"],
      ["sweep.yaml:2", "factor", "only `method: halving` has one"],
      [
        "sweep.yaml:3",
        "parameters.seed",
        "a grid needs a list of values; ranges are for `method: random` and `halving`",
      ],
      ["sweep.yaml:3", "parameters.seed.to", "found 1; it must be above `from`, 5"],
    ]);
    expect(
      await problemsOf("method: random\nparameters: { training.learningRate: { from: 0, to: 1, scale: log } }\n"),
    ).to.deep.equal([
      ["sweep.yaml:1", "runs", "missing; say how many runs `method: random` draws"],
      ["sweep.yaml:2", 'parameters["training.learningRate"].from', "found 0; a log scale begins above 0"],
    ]);
    const text = readFileSync(join(folder(), "job.yaml"), "utf8");
    writeFileSync(join(folder(), "job.yaml"), text.replace("batchSize: 8,", "batchSize: 8, evaluateEvery: 0,"));
    const [[, , message]] = (await problemsOf("method: halving\nruns: 2\nparameters: { seed: [1, 2] }\n")) as [
      string[],
    ];
    expect(message).to.include("set `training.evaluateEvery` to 1 or more");
    expect(await problemsOf("job: jobs.yaml\nparameters: { seed: [1] }\n")).to.deep.equal([
      [
        "sweep.yaml:1",
        "job",
        `There is no file ${join(folder(), "jobs.yaml")}. Did you mean ${join(folder(), "job.yaml")}?`,
      ],
    ]);
  });
});

describe("trivet sweep", () => {
  const folder = temporaryFolder();
  const eventsOf = (stdout: string): SweepEvent[] =>
    stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
  const sweep = async (...args: string[]) => {
    const { stdout, stderr, exitCode } = await runTrivet(folder(), ["sweep", "--json", ...args]);
    expect(exitCode, stderr + stdout).to.equal(0);
    const events = eventsOf(stdout);
    return { events, outcome: events.at(-1) as unknown as SweepOutcome };
  };
  const withoutTimes = (runs: readonly RunOutcome[]) =>
    runs.map(({ job, value, weightsHash, state }) => ({ job, value, weightsHash, state }));

  it("trains every run, names the best, and trains nothing twice", async () => {
    writeJob(folder(), 2);
    writeFileSync(
      join(folder(), "sweep.yaml"),
      "parameters:\n  training.learningRate: [0.001, 5]\n  workers: [1, 2]\n",
    );
    const { events, outcome } = await sweep();
    expect(events.filter(({ type }) => type === "run")).to.have.length(4);
    const values = outcome.runs.map(({ value }) => value!);
    expect(values).to.deep.equal(values.toSorted((a, b) => b - a));
    expect(outcome.best).to.deep.equal(outcome.runs[0]).and.include({ state: "finished", rounds: 2 });
    const files = () => readdirSync(join(folder(), ".trivet/jobs"), { recursive: true }).length;
    const before = files();

    const again = await runTrivet(folder(), ["sweep"]);
    expect(again.stderr).to.match(
      /^4 runs, by held-out accuracy; higher is better\n1\/4 {2}reviews-[0-9a-f]{8} {2}accuracy /,
    );
    expect(again.stdout).to.match(
      new RegExp(
        `^Best: ${outcome.best!.job}, held-out accuracy .* with training.learningRate [\\d.]+, workers \\d$`,
        "m",
      ),
    );
    expect(again.stdout).to.match(/^ +job +state +accuracy +training\.learningRate +workers$/m);
    expect(again.stdout).to.match(/^ {2}trivet compare reviews-/m);
    expect(files()).to.equal(before);
    // A run is a job like any other: `trivet train` finds it trained.
    expect(
      readdirSync(join(folder(), ".trivet/queues"), { recursive: true }).filter((name) => /\d+-\d+/.test(String(name))),
    ).to.deep.equal([]);
  });

  it("stops those that do worse early in successive halving, and comes to the same end when it is killed on the way", async () => {
    writeJob(folder(), 80, 200);
    writeFileSync(
      join(folder(), "sweep.yaml"),
      "method: halving\nruns: 4\nfactor: 2\nseed: 3\nparameters:\n  training.learningRate: { from: 0.001, to: 20, scale: log }\n",
    );
    const undisturbed = (await sweep("--store", "undisturbed")).outcome;
    const child = spawn(process.execPath, [command, "sweep", "--json"], {
      cwd: folder(),
      stdio: ["ignore", "pipe", "ignore"],
    });
    const closed = new Promise((resolve) => child.on("close", resolve));
    let seen = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      if (JSON.parse(line).type === "run" && ++seen === 5) child.kill("SIGKILL");
    }
    await closed;
    expect(seen).to.equal(5);
    const { events, outcome } = await sweep();
    expect(events.flatMap((event) => (event.type === "rung" ? [event.runs] : []))).to.deep.equal([4, 2, 1]);
    expect(outcome.best).to.deep.include({ rounds: 80, state: "finished" });
    expect(outcome.best).to.deep.equal(undisturbed.best);
    expect(withoutTimes(outcome.runs).filter(({ state }) => state === "finished")).to.have.length(1);
    expect(outcome.runs.map(({ job, value }) => [job, value])).to.deep.equal(
      undisturbed.runs.map(({ job, value }) => [job, value]),
    );
    for (const { value } of outcome.runs) expect(value).to.be.a("number");
    const lost = outcome.runs.filter(({ state }) => state === "interrupted");
    expect(lost).to.have.length(3);
    for (const { rounds } of lost) expect(rounds).to.be.within(20, 79);
    // A run that was stopped early goes on from where it is, and comes to the bits of an undisturbed training.
    const settings = lost.at(-1)!.settings["training.learningRate"] as number;
    const text = readFileSync(join(folder(), "job.yaml"), "utf8");
    writeFileSync(join(folder(), "job.yaml"), text.replace("learningRate: 5", `learningRate: ${settings}`));
    const resumed = await runTrivet(folder(), ["train"]);
    expect(resumed.stderr).to.match(/^Goes on from round \d+\.$/m);
    const fresh = await runTrivet(folder(), ["train", "--store", "fresh"]);
    const hash = /sha256 ([0-9a-f]{64})/;
    expect(hash.exec(resumed.stdout)?.[1]).to.be.a("string").and.equal(hash.exec(fresh.stdout)?.[1]);
  });

  it("ends with exit code 1 and the reasons when no run has a result", async () => {
    const rows = Array.from({ length: 60 }, (_, i) => `u${i % 7},i${i % 5},${1 + (i % 5)}`);
    writeFileSync(join(folder(), "ratings.csv"), `user,item,rating\n${rows.join("\n")}\n`);
    writeFileSync(
      join(folder(), "job.yaml"),
      "name: ratings\nmodel: { kind: recommendation, factors: 2 }\ndata: { train: ratings.csv }\n" +
        "training: { batchSize: 8 }\nworkers: 1\nrounds: { count: 2, localSteps: 5 }\n",
    );
    writeFileSync(join(folder(), "sweep.yaml"), "parameters: { training.learningRate: [1000000, 100000] }\n");
    const { exitCode, stdout, stderr } = await runTrivet(folder(), ["sweep"]);
    expect(exitCode, stdout).to.equal(1);
    expect(stdout).to.include("No run has a measured result.");
    expect(stderr).to.match(/ failed: The (loss|weights) became /);
  });

  it("holds each run to the job's budget", async () => {
    writeJob(folder(), 4);
    const text = readFileSync(join(folder(), "job.yaml"), "utf8");
    writeFileSync(join(folder(), "job.yaml"), `${text}budget: { dollars: 0.000001 }\n`);
    writeFileSync(join(folder(), "sweep.yaml"), "parameters: { training.learningRate: [1, 2] }\n");
    const { stdout, exitCode } = await runTrivet(folder(), ["sweep", "--json"]);
    // Too little for a round that measures, so nothing is the best.
    expect(exitCode).to.equal(1);
    const outcome = eventsOf(stdout).at(-1) as unknown as SweepOutcome;
    expect(outcome.runs.map(({ state, rounds }) => [state, rounds])).to.deep.equal([
      ["out-of-budget", 1],
      ["out-of-budget", 1],
    ]);
  });

  it("stops at Ctrl-C with exit code 130", async () => {
    writeJob(folder(), 400, 400);
    writeFileSync(join(folder(), "sweep.yaml"), "parameters: { training.learningRate: [1, 2] }\n");
    const child = spawn(process.execPath, [command, "sweep", "--json"], {
      cwd: folder(),
      stdio: ["ignore", "pipe", "ignore"],
    });
    const closed = new Promise<number | null>((resolve) => child.on("close", resolve));
    let last: SweepEvent | undefined;
    for await (const line of createInterface({ input: child.stdout })) {
      last = JSON.parse(line);
      if (last?.type === "sweep") child.kill("SIGINT");
    }
    expect(await closed).to.equal(130);
    expect(last).to.include({ type: "finished", state: "interrupted" });
  });
});
