import { expect } from "chai";
import fc from "fast-check";
import type { Source } from "../../../worker-runtime/src/data/source.ts";
import { splitByFraction, splitByTime } from "../../../worker-runtime/src/data/split.ts";

describe("the split by fraction", () => {
  const seed = fc.integer({ min: 0, max: 2 ** 31 - 1 });

  it("holds out about the fraction, always the same rows for a seed and others for another", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 0.99, noNaN: true }), seed, (fraction, seed) => {
        const heldOut = (seed: number) =>
          Array.from({ length: 4000 }, (_, row) => splitByFraction(fraction, seed)(row) === "heldOut");
        const share = heldOut(seed).filter(Boolean).length / 4000;
        // Six standard deviations.
        expect(share).to.be.closeTo(fraction, 6 * Math.sqrt((fraction * (1 - fraction)) / 4000));
        expect(heldOut(seed)).to.deep.equal(heldOut(seed));
        expect(heldOut(seed)).not.to.deep.equal(heldOut(seed + 1));
      }),
      { numRuns: 20 },
    );
  });
});

describe("the split by time", () => {
  const split = async (times: readonly unknown[], newest: number, columns = {}) => {
    const rejected: string[] = [];
    const source: Source = {
      argument: "data.train",
      place: () => "",
      rows: async function* () {
        yield times.map((time, i) => ({ values: { time, when: time }, file: "", line: i + 1 }));
      },
    };
    const splitOf = await splitByTime(source, newest, columns, (record, _, problem) =>
      rejected.push(`${record}: ${problem}`),
    );
    return { heldOut: times.map((_, record) => splitOf(record) === "heldOut"), rejected };
  };

  it("holds out exactly the newest share; of equal times the later rows", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: -5, max: 5 }), { maxLength: 60 }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        async (times, newest) => {
          const order = times.map((_, row) => row).sort((a, b) => times[a]! - times[b]! || a - b);
          const due = new Set(order.slice(times.length - Math.round(newest * times.length)));
          const { heldOut } = await split(times, newest);
          expect(heldOut).to.deep.equal(times.map((_, row) => due.has(row)));
        },
      ),
    );
  });

  it("reads numbers and dates in every form that a reader gives, dates without a zone as UTC", async () => {
    const zone = process.env.TZ;
    process.env.TZ = "America/New_York";
    try {
      const times = [new Date("2024-01-02T03:04:06Z"), "2024-01-02T03:04:05Z", "2024-01-02 03:04:07", "2024-01-02"];
      expect((await split(times, 0.25)).heldOut).to.deep.equal([false, false, true, false]);
      expect((await split(times, 0.5)).heldOut).to.deep.equal([true, false, true, false]);
      expect((await split(["2024-01-01T01:00+02:00", "2023-12-31T23:30"], 0.5)).heldOut).to.deep.equal([false, true]);
      expect((await split(["978300760", "978300759"], 0.5)).heldOut).to.deep.equal([true, false]);
    } finally {
      if (zone === undefined) delete process.env.TZ;
      else process.env.TZ = zone;
    }
  });

  it("names rows without a time, and leaves them out of the count", async () => {
    const { heldOut, rejected } = await split([1, undefined, 3, "soon", 2, ""], 0.4, { time: "when" });
    expect(heldOut).to.deep.equal([false, false, true, false, false, false]);
    expect(rejected).to.deep.equal([
      '1: column "when" must be a time, a number or an ISO date, and there is none',
      '3: column "when" must be a time, a number or an ISO date, and it is "soon"',
      '5: column "when" must be a time, a number or an ISO date, and it is ""',
    ]);
  });
});
