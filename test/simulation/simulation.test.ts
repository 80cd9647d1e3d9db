import { expect } from "chai";
import { describe, it } from "mocha";
import { explain } from "./explain.ts";
import { faultLines, simulateMany } from "./many.ts";
import { type Faults, optionsOf } from "./options.ts";
import { simulate } from "./simulate.ts";

/** A fixed part, so that a change that breaks something is found each time, and a part that is new each time. */
const fixedJobs = 800;
const newJobs = 200;

describe("a thousand simulated jobs", function () {
  this.timeout(300_000);

  it("all come to the result that they have without faults, whatever goes wrong", async () => {
    const newSeed = 1_000_000 + Math.floor(Math.random() * 1e9);
    console.log(`      seeds 1 to ${fixedJobs}, and ${newSeed} to ${newSeed + newJobs - 1}`);
    const counts: Partial<Record<keyof Faults, number>> = {};
    for (const [from, jobs] of [
      [1, fixedJobs],
      [newSeed, newJobs],
    ] as const) {
      const totals = await simulateMany(from, jobs, { stopAtFailure: true });
      if (totals.failed.length > 0) expect.fail(await explain(totals.failed[0]!.seed));
      expect(totals.jobs).to.equal(jobs);
      for (const [kind, count] of Object.entries(totals.counts)) {
        const known = kind as keyof Faults;
        counts[known] = (counts[known] ?? 0) + count;
      }
    }
    console.log(faultLines(counts));
    expect(Object.keys(counts).sort(), "every kind of fault came").to.deep.equal(
      Object.keys(optionsOf(1).faults).sort(),
    );
  });

  it("run the same way again from the same seed", async () => {
    for (const seed of [1210, 1670, 2050]) {
      const [first, second] = [await simulate(optionsOf(seed)), await simulate(optionsOf(seed))];
      expect(second.fingerprint).to.equal(first.fingerprint);
      expect(second.counts).to.deep.equal(first.counts);
      expect(first.injected.length, `seed ${seed} has faults`).to.be.greaterThan(5);
    }
  });
});
