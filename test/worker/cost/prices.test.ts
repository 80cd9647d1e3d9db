import { expect } from "chai";
import { describe, it } from "mocha";
import { clouds, listPrices } from "../../../worker-runtime/src/cost/prices.ts";
import { type InvalidPrices, oldPrices, parsePrices } from "../../../worker-runtime/src/cost/read-prices.ts";

describe("prices of one's own", () => {
  it("take the place of list prices, and leave the others as they are", () => {
    const prices = parsePrices(
      "aws:\n  memoryGibSecond: { dollars: 0.00001, asOf: 2026-11, source: our contract }\n  billingStepMs: 100\n" +
        "gcp: { machine: { name: own, cores: 8, hour: { dollars: 0.1, asOf: 2026-10 } } }\n",
      "ours.yaml",
    );
    const { memoryGibSecond, billingStepMs, ...rest } = prices.aws;
    const { memoryGibSecond: list, billingStepMs: _, ...others } = listPrices.aws;
    expect(memoryGibSecond).to.deep.equal({
      ...{ ...list, dollars: 0.00001, asOf: "2026-11", source: "our contract" },
      sure: "price list",
    });
    expect(billingStepMs).to.equal(100);
    expect(rest).to.deep.equal(others);
    expect(prices.gcp.machine).to.deep.include({ name: "own", cores: 8 });
    expect(prices.gcp.machine.hour.dollars).to.equal(0.1);
    expect(prices.azure).to.deep.equal(listPrices.azure);
    expect(parsePrices("", "empty.yaml")).to.deep.equal(listPrices);
  });

  it("are checked as a whole: every problem, with its line and what was probably meant", () => {
    const text =
      "aws:\n  memoryGibSecnd: { dollars: 1, asOf: 2026-11 }\n  storeRead: { dollars: -1, asOf: 2026-13 }\nacme: {}\nazure:\n  message: free\n";
    const error = (() => {
      try {
        return parsePrices(text, "ours.yaml");
      } catch (error) {
        return error;
      }
    })() as InvalidPrices;
    expect(error.message.split("\n")).to.deep.equal([
      "ours.yaml has 5 problems:",
      "ours.yaml:2:3 aws.memoryGibSecnd: unknown field; did you mean `memoryGibSecond`?",
      "ours.yaml:3:16 aws.storeRead.dollars: found -1; Too small: expected number to be >=0",
      'ours.yaml:3:29 aws.storeRead.asOf: found "2026-13"; a month, such as 2026-11',
      "ours.yaml:4:1 acme: unknown field; known here: aws, gcp, azure",
      'ours.yaml:6:3 azure.message: found "free"; Invalid input: expected object, received string',
    ]);
    expect(error.exitCode).to.equal(2);
    expect(error.problems).to.have.length(5);
    expect(() => parsePrices("aws: {", "ours.yaml")).to.throw(/ours\.yaml has \d problem/);
  });

  it("are called old after half a year, by the oldest of them", () => {
    const newest = Date.UTC(2026, 10, 15);
    expect(oldPrices(listPrices, newest)).to.equal(undefined);
    expect(oldPrices(listPrices, Date.UTC(2026, 11, 1))).to.deep.equal({ asOf: "2026-05", months: 7 });
  });

  it("say of each list price where and when it was found", () => {
    for (const cloud of clouds)
      for (const [name, price] of Object.entries(listPrices[cloud])) {
        if (typeof price !== "object" || !("asOf" in price)) continue;
        expect(price.asOf, `${cloud} ${name}`).to.match(/^20\d\d-\d\d$/);
        expect(price.source, `${cloud} ${name}`).to.match(/\w{4}/);
      }
  });
});
