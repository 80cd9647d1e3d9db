import { expect } from "chai";
import { describe, it } from "mocha";
import {
  alwaysOn,
  billedSeconds,
  costOf,
  monthlyDollars,
  totalDollars,
} from "../../../worker-runtime/src/cost/cost-model.ts";
import { listPrices } from "../../../worker-runtime/src/cost/prices.ts";

describe("the bill", () => {
  const size = { memoryMib: 2048, cores: 1 };
  const usage = {
    tasks: [{ count: 10, milliseconds: 1234.5 }],
    ...{ writes: 1000, reads: 2000, bytesRead: 0, bytesWritten: 0, storedBytes: 2 ** 30, fetchedBytes: 0 },
  };

  it("rounds each task's time up to the platform's step, not their sum", () => {
    expect(billedSeconds(usage.tasks, 1)).to.be.closeTo(12.35, 1e-9);
    expect(billedSeconds(usage.tasks, 100)).to.be.closeTo(13, 1e-9);
    expect(billedSeconds(usage.tasks, 1000)).to.be.closeTo(20, 1e-9);
    expect(billedSeconds([{ count: 1, milliseconds: 1000 }], 1000)).to.equal(1);
  });

  it("has on AWS what its price list says of such a run", () => {
    const bill = Object.fromEntries(costOf(usage, listPrices.aws, size).map(({ name, dollars }) => [name, dollars]));
    expect(bill.cores).to.equal(0);
    expect(bill.memory).to.be.closeTo(12.35 * 2 * 0.0000166667, 1e-12);
    expect(bill.invocations).to.be.closeTo(10 * 0.2e-6, 1e-15);
    expect(bill["store writes"]).to.be.closeTo(1000 * 0.000005, 1e-12);
    expect(bill["store reads"]).to.be.closeTo(2000 * 0.0000004, 1e-12);
    expect(bill.messages).to.be.closeTo(10 * 4 * 0.4e-6, 1e-15);
  });

  it("pays for cores and memory of the same seconds on Google Cloud and Azure", () => {
    for (const [cloud, seconds] of [
      ["gcp", 13],
      ["azure", 20],
    ] as const) {
      const [cores, memory] = costOf(usage, listPrices[cloud], { memoryMib: 4096, cores: 2 });
      expect(cores!.quantity, cloud).to.be.closeTo(2 * seconds, 1e-9);
      expect(memory!.quantity, cloud).to.be.closeTo(4 * seconds, 1e-9);
    }
  });

  it("takes the free grants off a month's sum, item by item", () => {
    const items = costOf(usage, listPrices.aws, size);
    const [free, more] = [monthlyDollars(items, 30), monthlyDollars(items, 30_000)];
    expect(free).to.be.lessThan(30 * totalDollars(items));
    const memory = items.find(({ name }) => name === "memory")!;
    expect(30 * memory.quantity).to.be.lessThan(memory.price.freePerMonth);
    const grants = items.reduce(
      (sum, { quantity, price }) => sum + Math.min(30_000 * quantity, price.freePerMonth) * price.dollars,
      0,
    );
    expect(more).to.be.closeTo(30_000 * totalDollars(items) - grants, 1e-6);
  });

  it("tells from how many runs an always-on machine is cheaper", () => {
    const { dollars, cheaperFromRuns } = alwaysOn(listPrices.aws, 0.1);
    expect(cheaperFromRuns * 0.1).to.be.at.least(dollars);
    expect((cheaperFromRuns - 1) * 0.1).to.be.lessThan(dollars);
  });
});
