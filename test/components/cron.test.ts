import { expect } from "chai";
import { CronExpressionParser } from "cron-parser";
import fc from "fast-check";
import { describe, it } from "mocha";
import { awsCron } from "../../components/aws/schedule.ts";

const currentDate = new Date("2026-01-01T00:00:00Z");
const occurrences = (expression: string) =>
  CronExpressionParser.parse(expression, { currentDate, tz: "UTC" })
    .take(40)
    .map((date) => date.toISOString());

/** EventBridge's six fields as five of cron's: `?` is `*`, 1 (Sunday) to 7 are 0 to 6. No year. */
function standard(expression: string): string {
  const fields = expression.match(/^cron\((.*)\)$/)![1]!.split(" ");
  expect(fields).to.have.length(6);
  expect(fields.filter((field) => field === "?")).to.have.length(1);
  const [minute, hour, day, month, weekday] = fields as [string, string, string, string, string];
  const days = weekday.replace(/[1-7]/g, (number) => String(Number(number) - 1));
  return [minute, hour, day, month, days].map((field) => (field === "?" ? "*" : field)).join(" ");
}

const field = (first: number, last: number) => {
  const number = fc.integer({ min: first, max: last });
  const range = fc.tuple(number, number).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
  const step = fc
    .tuple(fc.oneof(range, fc.constant("*")), fc.integer({ min: 1, max: last }))
    .map(([from, by]) => `${from}/${by}`);
  const list = fc.uniqueArray(number, { minLength: 1, maxLength: 3 }).map((numbers) => numbers.join(","));
  return fc.oneof(fc.constant("*"), list, range, step);
};

describe("Schedules on AWS", () => {
  it("fire when cron would, by a parser that we did not write", () => {
    const days = fc.oneof(
      fc.tuple(field(1, 28), fc.constant("*")),
      fc.tuple(fc.constant("*"), field(0, 6)),
      fc.tuple(fc.constant("*"), fc.constantFrom("7", "5,7", "1-7", "5-7")),
    );
    fc.assert(
      fc.property(field(0, 59), field(0, 23), days, field(1, 12), (minute, hour, [day, weekday], month) => {
        const cron = `${minute} ${hour} ${day} ${month} ${weekday}`;
        expect(occurrences(standard(awsCron(cron))), `${cron} as ${awsCron(cron)}`).to.deep.equal(occurrences(cron));
      }),
      { numRuns: 150, seed: 6 },
    );
  });

  it("are written as EventBridge wants them", () => {
    expect(awsCron("0 3 * * 1-5")).to.equal("cron(0 3 ? * 2,3,4,5,6 *)");
    expect(awsCron("*/20 0 1 * *")).to.equal("cron(0,20,40 0 1 * ? *)");
    expect(awsCron("5 4 * * *")).to.equal("cron(5 4 * * ? *)");
  });
});
