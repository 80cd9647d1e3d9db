import { stripVTControlCharacters } from "node:util";
import { expect } from "chai";
import { duration, fitInto, measure } from "../../cli/src/progress/format.ts";
import { linesOf, progressOf } from "../../cli/src/progress/lines.ts";
import { TerminalProgress } from "../../cli/src/progress/terminal.ts";
import { everySecond } from "../../worker-runtime/src/clouds/every-second.ts";
import type { PlanEvent, ProgressEvent, RoundEvent, RunEvent } from "../../worker-runtime/src/job/events.ts";
import { ManualClock } from "../support/manual-clock.ts";

const plan: PlanEvent = {
  type: "plan",
  job: "reviews-12345678",
  rounds: 12,
  workers: 4,
  processes: 2,
  localSteps: 50,
  batchSize: 64,
  weightCount: 131072,
  primaryMetric: "accuracy",
  better: "higher",
  numerics: "portable",
};

const round = (number: number, rounds = 12): RoundEvent => ({
  type: "round",
  round: number,
  rounds,
  ...(number < rounds && { trainLoss: 0.51234, etaMs: 65_000 }),
  metrics: { accuracy: 0.83125, loss: 0.4 },
  examples: number < rounds ? 12_800 : 0,
  samplesPerSecond: 12_345.6,
  elapsedMs: 4000,
});

const events: RunEvent[] = [
  { type: "dataset", hash: "abcdef0123", trainExamples: 2400, heldOutExamples: 600, skippedRows: 1, reused: true },
  plan,
  { type: "resumed", round: 3 },
  { type: "notice", text: "One thing to know." },
  round(3),
  { type: "worker-exit", place: "process-2", exitCode: null, signal: "SIGKILL", restarts: 1 },
  round(12),
];

describe("progress of a run", () => {
  it("says each event in a line", () => {
    expect(events.flatMap((event) => linesOf(event, plan))).to.deep.equal([
      "dataset abcdef01: 2,400 training and 600 held-out examples, 1 bad row left out, stored before",
      "reviews-12345678: 12 rounds of 50 steps by 4 workers in 2 processes, batches of 64, 131,072 weights, portable numerics",
      "Goes on from round 3.",
      "One thing to know.",
      "round  3/12  accuracy 0.8313  training loss 0.5123  12,346 samples/s  1 min 05 s left",
      "Worker process-2 ended (SIGKILL) and is started again.",
      "round 12/12  accuracy 0.8313",
    ]);
  });

  it("leaves the processes out where a cloud decides how many functions there are", () => {
    const { processes: _, ...inCloud } = plan;
    expect(linesOf(inCloud, undefined)[0]).to.match(
      /^reviews-12345678: 12 rounds of 50 steps by 4 workers, batches of 64/,
    );
  });

  it("tells of what takes long at most once a second, in rows, shards or megabytes", () => {
    const clock = new ManualClock();
    const told: string[] = [];
    const tell = everySecond(clock, (event) => event.type === "progress" && told.push(progressOf(event)));
    const stages: [ProgressEvent["stage"], number?][] = [
      ["reading"],
      ["encoding", 4000],
      ["storing", 5000],
      ["uploading", 45e6],
    ];
    for (const [stage, total] of stages) {
      for (const done of [1, 2, 12_345_678])
        tell({ type: "progress", stage, done, ...(total !== undefined && { total }) });
      clock.pass(1);
    }
    tell({ type: "progress", stage: "fetching", done: 12_345_678, total: 45e6 });
    expect(told).to.deep.equal([
      "encoding 1 of 4,000 rows",
      "storing 1 of 5,000 shards",
      "uploading 0.0 of 45.0 MB",
      "fetching 12.3 of 45.0 MB",
    ]);
    expect(progressOf({ type: "progress", stage: "reading", done: 12_345 })).to.equal("reading 12,345 rows");
  });

  it("shows a long job in some forty lines, the last round among them", () => {
    const shown = Array.from({ length: 5004 }, (_, i) => linesOf(round(i, 5003), plan)).flat();
    expect(shown).to.have.length.within(35, 45);
    expect(shown.at(-1)).to.include("round 5003/5003");
  });

  for (const columns of [20, 50, 120]) {
    it(`keeps its changing line within a terminal of ${columns} columns, and leaves it clean`, () => {
      const writes: string[] = [];
      const stream = { columns, write: (text: string) => writes.push(text) } as unknown as NodeJS.WriteStream;
      const progress = new TerminalProgress(stream);
      for (const event of events) progress.show(event);
      for (const text of writes) {
        const changing = text.split("\n").at(-1)!;
        expect(stripVTControlCharacters(changing).length).to.be.below(columns + 1);
        expect(changing.startsWith("\r") && changing.endsWith("\x1b[K")).to.equal(true);
      }
      // One write for each event: a line is never erased in one and drawn in the next.
      expect(writes).to.have.length(1 + events.length);
      progress.end();
      expect(writes.at(-1)).to.equal("\r\x1b[K");
    });
  }

  it("writes numbers for people", () => {
    expect([0, 850, 12_340, 59_960, 185_000, 7_440_000].map(duration)).to.deep.equal([
      ...["0 ms", "850 ms", "12.3 s", "1 min 00 s", "3 min 05 s", "2 h 04 min"],
    ]);
    expect([0, 0.5, 1e-5, -3.25, Number.NaN].map(measure)).to.deep.equal([
      "0.0000",
      "0.5000",
      "0.00001000",
      "-3.2500",
      "NaN",
    ]);
    expect(fitInto(["abc", "def", "gh"], 9)).to.equal("abc  def");
    expect(fitInto(["abcdef"], 3)).to.equal("abc");
  });
});
