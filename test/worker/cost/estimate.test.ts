import { expect } from "chai";
import { describe, it } from "mocha";
import { totalDollars } from "../../../worker-runtime/src/cost/cost-model.ts";
import { type EstimateOptions, estimate } from "../../../worker-runtime/src/cost/estimate.ts";
import { forecast } from "../../../worker-runtime/src/cost/forecast.ts";
import { jobCost } from "../../../worker-runtime/src/cost/job-cost.ts";
import { cloudPace, paceOf } from "../../../worker-runtime/src/cost/pace.ts";
import { listPrices } from "../../../worker-runtime/src/cost/prices.ts";
import { exampleRun } from "../../support/run-record.ts";
import { planOf } from "../protocol/world.ts";

const dataset = {
  trainExamples: 5000,
  trainShards: 2,
  heldOutShards: 1,
  trainBytes: 1e7,
  heldOutBytes: 1e6,
  manifestBytes: 2000,
};
const options: EstimateOptions = {
  ...{
    plan: planOf({ rounds: 40, localSteps: 50, evaluateEvery: 5 }),
    pace: cloudPace({ stepMs: 40, measureMs: 900 }),
  },
  ...{ dataset, prices: listPrices, memoryMib: 2048 },
};

describe("an estimate", () => {
  it("has the same bill as the formula, and an interval around it", () => {
    for (const { dollars, wallMs, items, dominant } of estimate(options)) {
      expect(totalDollars(items)).to.be.closeTo(dollars.expected, 1e-12);
      for (const { low, expected, high } of [dollars, wallMs]) {
        expect(low).to.be.below(expected);
        expect(high).to.be.above(expected);
        expect(high / low).to.be.below(2);
      }
      expect(Math.max(...items.map((item) => item.dollars))).to.be.closeTo(dominant.part * dollars.expected, 1e-12);
    }
    expect(estimate(options)).to.deep.equal(estimate(options));
  });

  it("grows with the steps, and with a part of a core takes longer on Lambda alone", () => {
    const seconds = (changes: Partial<EstimateOptions>) =>
      estimate({ ...options, ...changes }).map(({ wallMs }) => wallMs.expected / 1000);
    const [aws, gcp, azure] = seconds({});
    const slow = seconds({ pace: cloudPace({ stepMs: 80, measureMs: 900 }) });
    // 40 rounds of 50 steps: 40 ms more for each.
    expect(slow[0]! - aws!).to.be.closeTo(80, 1);
    const small = seconds({ memoryMib: 1024 });
    expect(small[0]! / aws!).to.be.above(1.4);
    expect(small[1]).to.equal(gcp);
    // Container Apps gives half a core with 1 GiB.
    expect(small[2]! / azure!).to.be.above(1.4);
  });

  it("says honestly when a machine is cheaper: use it more, and it is", () => {
    for (const { alwaysOn, dollars } of estimate(options)) {
      expect(alwaysOn.cheaperFromRuns * dollars.expected).to.be.at.least(alwaysOn.dollars);
      expect(alwaysOn.cheaperFromUtilisation).to.be.within(0.05, 1);
    }
  });

  it("adds up to the same whether rounds are counted by kind or one by one", () => {
    for (const [rounds, evaluateEvery] of [
      [1, 0],
      [1, 1],
      [2, 1],
      [7, 0],
      [7, 1],
      [7, 3],
      [9, 3],
      [10, 20],
    ] as const) {
      const plan = planOf({ rounds, evaluateEvery, workers: 3 });
      const { tasks } = forecast(plan, options.pace, dataset);
      const invocations = tasks.reduce((sum, { count, inline }) => sum + (inline ? 0 : count), 0);
      // Steps, looks, the first look and the finish.
      expect(invocations, `${rounds} rounds, measured every ${evaluateEvery}`).to.equal(
        3 * (rounds + 1) + rounds + 1 + 2,
      );
      const measuring = tasks.filter(({ milliseconds }) => milliseconds > 900 && milliseconds < 1e6);
      const expected = 1 + (evaluateEvery > 0 ? Math.ceil(rounds / evaluateEvery) - 1 : 0);
      expect(
        measuring.reduce((sum, { count, milliseconds }) => sum + (milliseconds < 2900 ? count : 0), 0),
      ).to.be.at.least(3 * expected);
    }
  });
});

describe("what a job has cost", () => {
  const run = exampleRun();
  const traces = run.rounds.flatMap((round) => round.traces);

  it("learns the pace from what the tasks wrote down", () => {
    const pace = paceOf({ ...run.plan, evaluateEvery: 1 }, run.rounds)!;
    // 50 steps in about 610 ms, whether a round measures or not.
    expect(pace.stepMs).to.be.closeTo(610 / 50, 1);
    expect(pace.measureMs).to.be.below(30);
    // Those of its rounds that measure take 100 ms longer.
    const slower = run.rounds.map((round) => ({
      ...round,
      traces: round.traces.map((trace) => ({
        ...trace,
        computeMs: trace.computeMs + (round.round % 2 === 0 ? 100 : 0),
      })),
    }));
    expect(paceOf({ ...run.plan, evaluateEvery: 2 }, slower)!.measureMs).to.be.closeTo(100, 30);
    expect(paceOf(run.plan, [])).to.equal(undefined);
  });

  it("is near the forecast at its own pace for a run that nothing disturbed", () => {
    const told = jobCost({ plan: run.plan, rounds: run.rounds, repeats: [], dataset }, listPrices);
    expect(told.tasks).to.equal(traces.length);
    for (const { gap, cloud } of told.clouds) expect(gap, cloud).to.be.within(-0.2, 0.2);
    expect(told.ranOn).to.equal(undefined);
    expect(told.advice).to.match(/412 of 2048 MiB|413 of 2048 MiB/);
  });

  it("counts tasks that were delivered again or done twice, and says so", () => {
    const usual = jobCost({ plan: run.plan, rounds: run.rounds, repeats: [], dataset }, listPrices);
    const again = run.rounds.map((round) => ({
      ...round,
      traces: round.traces.map((trace) => ({ ...trace, attempt: 2 })),
    }));
    const twice = jobCost({ plan: run.plan, rounds: again, repeats: [], dataset }, listPrices);
    expect(twice.computeSeconds / usual.computeSeconds).to.be.closeTo(2, 0.1);
    expect(twice.reasons.join(" ")).to.include("104 tasks were delivered again");
    const repeated = jobCost({ plan: run.plan, rounds: run.rounds, repeats: traces.slice(0, 20), dataset }, listPrices);
    expect(repeated.clouds[0]!.dollars).to.be.above(usual.clouds[0]!.dollars);
    expect(repeated.reasons.join(" ")).to.include("20 tasks were done twice");
  });

  it("bills a paused share's earlier invocations too, and a start-up", () => {
    const changed = (changes: object) => {
      const rounds = run.rounds.map((round) => ({
        ...round,
        traces: round.traces.map((trace) => ({ ...trace, ...changes })),
      }));
      return jobCost({ plan: run.plan, rounds, repeats: [], dataset }, listPrices).computeSeconds;
    };
    const steps = traces.length;
    expect(changed({ startUpMs: 1000 }) - changed({})).to.be.closeTo(steps, 0.01 * steps);
    expect(changed({ earlier: { invocations: 2, milliseconds: 3000 } }) - changed({})).to.be.closeTo(3 * 84, 0.01);
  });

  it("advises more memory when it was nearly used up", () => {
    const rounds = run.rounds.map((round) => ({
      ...round,
      traces: round.traces.map((trace) => ({
        ...trace,
        memoryMib: 1024,
        peakMemoryBytes: 950 * 2 ** 20,
        place: "aws-lambda-1",
      })),
    }));
    const told = jobCost({ plan: run.plan, rounds, repeats: [], dataset }, listPrices);
    expect(told.advice).to.match(/950 of 1024 MiB.*Set memoryMib to 1536/);
    expect(told.ranOn).to.equal("aws");
  });
});
