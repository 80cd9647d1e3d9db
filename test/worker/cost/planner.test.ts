import { expect } from "chai";
import { describe, it } from "mocha";
import { cloudPace } from "../../../worker-runtime/src/cost/pace.ts";
import {
  bestWithin,
  type Choice,
  changesOf,
  frontier,
  isSensible,
  judge,
  judgeAll,
  keeps,
  type Limit,
  type Option,
  type PlannerInput,
} from "../../../worker-runtime/src/cost/planner.ts";
import { listPrices } from "../../../worker-runtime/src/cost/prices.ts";
import { Random } from "../../../worker-runtime/src/training/random.ts";
import { planOf } from "../protocol/world.ts";

/** A job of any size, by its number. */
function inputOf(seed: number): PlannerInput {
  const random = new Random(seed, "planner");
  const weightCount = Math.round(10 ** (3 + 4 * random.uniform(0)));
  return {
    plan: planOf({
      ...{ weightCount, workers: 1 + random.below(8, 1), rounds: 5 + random.below(100, 2) },
      ...{ localSteps: 10 + random.below(200, 3), evaluateEvery: random.below(4, 4), outerMomentum: false },
    }),
    pace: cloudPace({ stepMs: 10 ** (0.3 + 2 * random.uniform(5)), measureMs: 2000 * random.uniform(6) }),
    dataset: {
      trainExamples: 5000,
      trainShards: 3,
      heldOutShards: 1,
      trainBytes: 2e7,
      heldOutBytes: 2e6,
      manifestBytes: 3000,
    },
    ...{ prices: listPrices, clouds: ["aws", "azure"], vary: ["workers"] },
    ...{ maximumWorkers: 24, minimumMemoryMib: 1024 },
  };
}

/** Every choice that there is. */
function everything(input: PlannerInput): Option[] {
  const options: Option[] = [];
  for (const cloud of input.clouds)
    for (let workers = 1; workers <= input.maximumWorkers; workers++)
      for (let memoryMib = input.minimumMemoryMib; memoryMib <= 3072; memoryMib += cloud === "azure" ? 512 : 64)
        for (let reducers = 1; reducers <= 16; reducers++) {
          const { localSteps, codec } = input.plan;
          const option = judge(input, { cloud, workers, memoryMib, localSteps, codec, reducers });
          if (isSensible(input, option)) options.push(option);
        }
  return options;
}

describe("the planner", () => {
  it("comes within 2 % of an exhaustive search, before a deadline and for a budget", () => {
    let worst = 1;
    for (let seed = 1; seed <= 6; seed++) {
      const input = inputOf(seed);
      const all = everything(input);
      const times = all.map(({ wallMs }) => wallMs).sort((a, b) => a - b);
      const costs = all.map(({ dollars }) => dollars).sort((a, b) => a - b);
      const at = (values: readonly number[], part: number) => values[Math.floor(part * (values.length - 1))]!;
      const limits: Limit[] = [0.1, 0.4, 0.8].flatMap((part) => [
        { deadlineMs: at(times, part) },
        { dollars: at(costs, part) },
      ]);
      for (const limit of limits) {
        const value = ({ dollars, wallMs }: Option) => (limit.dollars === undefined ? dollars : wallMs);
        const best = Math.min(...all.filter((option) => keeps(option, limit)).map(value));
        const found = bestWithin(input, limit);
        expect(found && keeps(found, limit), `seed ${seed}, ${JSON.stringify(limit)}`).to.equal(true);
        const ratio = value(found!) / best;
        expect(ratio, `seed ${seed}, ${JSON.stringify(limit)}`).to.be.at.most(1.02);
        worst = Math.max(worst, ratio);
      }
    }
    console.log(`      at worst ${(100 * (worst - 1)).toFixed(2)} % above the best`);
  });

  it("says that nothing keeps a limit that nothing keeps", () => {
    expect(bestWithin(inputOf(1), { deadlineMs: 1 })).to.equal(undefined);
    expect(bestWithin(inputOf(1), { dollars: 1e-9 })).to.equal(undefined);
  });

  it("shows as frontier what nothing beats in both time and dollars, and all of it", () => {
    const all = judgeAll(inputOf(2));
    const shown = frontier(all);
    const beats = (a: Option, b: Option) =>
      a.wallMs <= b.wallMs && a.dollars <= b.dollars && (a.wallMs < b.wallMs || a.dollars < b.dollars);
    for (const option of shown) expect(all.some((other) => beats(other, option))).to.equal(false);
    for (const option of all)
      expect(
        shown.some(
          (other) => beats(other, option) || (other.wallMs === option.wallMs && other.dollars === option.dollars),
        ),
      ).to.equal(true);
  });

  it("keeps the number of examples, and tells only what changes the result", () => {
    const { plan } = inputOf(3);
    const input = { ...inputOf(3), vary: ["workers", "codec", "steps"] as const };
    for (const { choice, rounds } of judgeAll(input)) {
      expect(rounds).to.be.at.least(plan.rounds / 4);
      const seen = choice.workers * choice.localSteps * rounds;
      const before = plan.workers * plan.localSteps * plan.rounds;
      expect(seen).to.be.within(before, before + choice.workers * choice.localSteps);
    }
    const same: Choice = {
      cloud: "gcp",
      memoryMib: 4096,
      reducers: 9,
      workers: plan.workers,
      localSteps: plan.localSteps,
      codec: "fp32",
    };
    expect(changesOf(plan, same)).to.deep.equal([]);
    expect(changesOf(plan, { ...same, codec: "int8" })).to.deep.equal(["rounds.codec: fp32 -> int8"]);
  });
});
