import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { crc32c } from "../../../worker-runtime/src/result/crc32c.ts";
import { roundMetrics } from "../../../worker-runtime/src/result/metrics.ts";
import { eventFile } from "../../../worker-runtime/src/result/tensorboard.ts";
import { requirePython, runPython } from "../../support/python.ts";
import { exampleRun } from "../../support/run-record.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

interface Scalar {
  readonly step: number;
  readonly value: number;
  readonly wallTime: number;
}

describe("crc32c", () => {
  it("gives the standard's check value", () => {
    expect(crc32c(Buffer.from("123456789")).toString(16)).to.equal("e3069283");
    expect(crc32c(new Uint8Array(0))).to.equal(0);
    // RFC 3720, B.4: 32 bytes of zeros.
    expect(crc32c(new Uint8Array(32)).toString(16)).to.equal("8a9136aa");
  });
});

describe("the TensorBoard event file", () => {
  const folder = temporaryFolder();

  before(async function () {
    await requirePython(this);
  });

  /** What TensorBoard's own reader makes of a run. */
  async function read(record: ReturnType<typeof exampleRun>): Promise<Record<string, Scalar[]>> {
    const file = path.join(folder(), "run", "events.out.tfevents.trivet");
    mkdirSync(path.dirname(file));
    writeFileSync(file, eventFile(record));
    const scalars = await runPython(
      `
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
events = EventAccumulator(json.load(sys.stdin), size_guidance={"scalars": 0})
events.Reload()
print(json.dumps({
    tag: [{"step": e.step, "value": e.value, "wallTime": e.wall_time} for e in events.Scalars(tag)]
    for tag in events.Tags()["scalars"]
}))
`,
      path.dirname(file),
    );
    return scalars as Record<string, Scalar[]>;
  }

  it("is read by TensorBoard with every scalar of every round", async () => {
    // 200 rounds, so that a step takes two bytes.
    const record = exampleRun({ rounds: 200 });
    const scalars = await read(record);
    expect(Object.keys(scalars).sort()).to.deep.equal([
      "heldOut/accuracy",
      "heldOut/loss",
      "train/learning-rate",
      "train/loss",
    ]);
    const rounds = roundMetrics(record);
    const values = (tag: string) => scalars[tag]!.map(({ step, value }) => [step, value]);
    const expected = (value: (round: (typeof rounds)[number]) => number | undefined) =>
      rounds.flatMap((round) => {
        const found = value(round);
        return found === undefined ? [] : [[round.round, Math.fround(found)]];
      });
    expect(values("train/loss")).to.deep.equal(expected(({ trainLoss }) => trainLoss));
    expect(values("train/learning-rate")).to.deep.equal(expected(({ learningRate }) => learningRate));
    expect(values("heldOut/accuracy")).to.deep.equal(expected(({ metrics }) => metrics?.accuracy));
    expect(values("heldOut/loss")).to.deep.equal(expected(({ metrics }) => metrics?.loss));
  });

  it("takes its times from the ends of the rounds", async () => {
    const record = exampleRun({ rounds: 5 });
    const scalars = await read(record);
    const ends = record.rounds.map(({ traces }) => Math.max(...traces.map(({ finishedAtMs }) => finishedAtMs)) / 1000);
    expect(scalars["train/loss"]!.map(({ wallTime }) => wallTime)).to.deep.equal(ends.slice(0, 5));
    expect(scalars["heldOut/accuracy"]!.map(({ wallTime }) => wallTime)).to.deep.equal(ends.slice(1));
  });
});
