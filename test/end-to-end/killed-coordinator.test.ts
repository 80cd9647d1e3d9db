import { existsSync, mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { describe, it } from "mocha";
import type { RunEvent } from "../../worker-runtime/src/job/events.ts";
import { Random } from "../../worker-runtime/src/training/random.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { begunUpdates, notingWork, untilGone } from "./notes.ts";
import { RunningTrivet, trainToEnd } from "./running.ts";
import { long, rounds, workers, writeSmallJob } from "./small-job.ts";
import { identity, trainHere, trainUntil, undisturbed } from "./train-here.ts";

const seeds = 5;
const kills = 3;

describe("a killed coordinator", function () {
  this.timeout(600_000);
  const folder = temporaryFolder();

  it(`takes its workers along, and the same command goes on to the same bits, with ${seeds} seeds`, async () => {
    const expected = await undisturbed(await writeSmallJob(folder()), folder());
    for (let seed = 1; seed <= seeds; seed++) {
      const store = `store-${seed}`;
      const begunBefore = begunUpdates(folder()).length;
      let seen = -1;
      for (let run = 0; run < kills; run++) {
        const events = await runAndKill(folder(), store, new Random(seed, "coordinator", run));
        await untilGone(folder());
        expect(firstRound(events), `seed ${seed}, run ${run}`).to.be.above(seen);
        seen = Math.max(seen, ...events.map((event) => (event.type === "round" ? event.round : -1)));
      }
      const last = await trainToEnd(folder(), ["--store", store], notingWork(folder()));
      expect(last, `seed ${seed}`).to.include({ exitCode: 0, stderr: "" });
      expect(firstRound(last.events), `seed ${seed}`).to.be.above(seen);
      expect(await identity(folder(), store, expected), `seed ${seed}`).to.deep.equal(expected);
      const again = begunUpdates(folder()).length - begunBefore - workers * (rounds + 1);
      // Each kill meets two workers in the middle of a share.
      expect(again, `shares trained again, seed ${seed}`).to.be.at.most(2 * kills);
    }
    await untilGone(folder());
  });

  it("leaves nothing behind for good: what it was writing and its messages are removed by a later run", async () => {
    const document = await writeSmallJob(folder(), long);
    const { job } = await trainUntil(2, document, folder());
    const path = (name: string) => join(folder(), "store", name);
    // No process has a number so high.
    const [halfWritten, beingWritten, queue] = ["tmp/old", "tmp/new", `queues/${job}/4194305-1`].map(path);
    writeFileSync(halfWritten!, "");
    utimesSync(halfWritten!, new Date(), Date.now() / 1000 - 7200);
    writeFileSync(beingWritten!, "");
    mkdirSync(queue!);
    await trainHere(document, folder());
    expect([halfWritten, beingWritten, queue].map((path) => existsSync(path!))).to.deep.equal([false, true, false]);
  });
});

/** Starts the command, and kills it some time after one of its events, or after its start. Gives the events until then. */
async function runAndKill(folder: string, store: string, random: Random): Promise<RunEvent[]> {
  const running = new RunningTrivet(folder, ["train", "job.json", "--json", "--store", store], notingWork(folder));
  const atEvent = random.below(12, 0);
  const kill = async (withinMs: number) => {
    await sleep(random.below(withinMs, 1));
    running.kill("SIGKILL");
  };
  const events: RunEvent[] = [];
  let killed = atEvent === 0 ? kill(600) : undefined;
  for await (const event of running.events()) {
    events.push(event);
    if (events.length === atEvent) killed = kill(30);
  }
  await Promise.all([killed, running.ended()]);
  return events;
}

/** The first round that a run reports; infinite when it reports none. */
function firstRound(events: readonly RunEvent[]): number {
  return Math.min(...events.map((event) => (event.type === "round" ? event.round : Number.POSITIVE_INFINITY)));
}
