import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { WorkerProcesses } from "../../worker-runtime/src/clouds/local/processes.ts";
import type { RunEvent } from "../../worker-runtime/src/job/events.ts";
import { Random } from "../../worker-runtime/src/training/random.ts";
import { runTrivet } from "../cli/run-trivet.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { begunUpdates, notingWork } from "./notes.ts";
import { rounds, workers, writeSmallJob } from "./small-job.ts";
import { identity, trainHere, undisturbed } from "./train-here.ts";

const seeds = 50;

describe("killed workers", function () {
  this.timeout(600_000);
  const folder = temporaryFolder();
  const options = process.env.NODE_OPTIONS ?? "";
  beforeEach(() => Object.assign(process.env, notingWork(folder())));
  // Not `process.env = ...`: a plain object in its place would hide what later tests set from TensorFlow.
  afterEach(() => {
    Object.assign(process.env, { NODE_OPTIONS: options });
    delete process.env.TRIVET_TEST_NOTES;
  });

  it(`change no bit and cost little, at any moment, in ${seeds} runs`, async () => {
    const document = await writeSmallJob(folder());
    const expected = await undisturbed(document, folder());
    let kills = 0;
    for (let seed = 1; seed <= seeds; seed++) {
      const store = `store-${seed}`;
      const begunBefore = begunUpdates(folder()).length;
      const killer = new Killer(seed);
      const { outcome, events } = await trainHere(document, folder(), { store, onEvent: killer.onEvent }).finally(
        killer.stop,
      );
      expect(await identity(folder(), store, outcome), `seed ${seed}`).to.deep.equal(expected);
      const killed = events.filter((event) => event.type === "worker-exit").length;
      const again = begunUpdates(folder()).length - begunBefore - workers * (rounds + 1);
      // What the victim was at; and what came twice while its last message was delivered again.
      expect(again, `shares trained again, seed ${seed}`).to.be.at.most(2 * killed);
      kills += killed;
    }
    expect(kills).to.be.above(seeds);
  });
});

describe("workers that die again and again", function () {
  this.timeout(600_000);
  const folder = temporaryFolder();

  it("end the run with the reason, and where their output is, instead of a hang", async () => {
    await writeSmallJob(folder());
    const dies = join(folder(), "dies.mjs");
    writeFileSync(dies, 'if (process.argv[1].endsWith("entrypoint.ts")) process.exit(7);');
    const { exitCode, stderr } = await runTrivet(folder(), ["train", "job.json", "--processes", "1"], {
      environment: { NODE_OPTIONS: `--import=${dies}` },
    });
    expect(exitCode).to.equal(1);
    const reason = "Worker process-1 ended with exit code 7 3 times in a row without finishing a task.";
    expect(stderr).to.include(`\nerror: ${reason} Its output is in ${join(folder(), ".trivet/logs/process-1.log")}.\n`);
  });
});

/** Kills workers of a run one to three times: which ones, and when, is drawn from the seed. */
class Killer {
  readonly #kills: readonly { readonly afterRound: number; readonly delayMs: number; readonly place: string }[];
  readonly #timers: NodeJS.Timeout[] = [];

  constructor(seed: number) {
    const random = new Random(seed, "kills");
    const first = random.below(2, 0);
    this.#kills = Array.from({ length: 1 + random.below(3, 1) }, (_, i) => {
      const draw = random.derive(i);
      const whileLoading = draw.below(4, 0) === 0;
      return {
        afterRound: whileLoading ? -1 : draw.below(rounds - 4, 1),
        delayMs: draw.below(whileLoading ? 500 : 30, 2),
        // In turn: a place whose process dies three times without finishing a task is given up, and rightly so.
        place: `process-${1 + ((first + i) % 2)}`,
      };
    });
  }

  onEvent = (event: RunEvent, processes: WorkerProcesses): void => {
    const round = event.type === "plan" ? -1 : event.type === "round" ? event.round : undefined;
    for (const { afterRound, delayMs, place } of this.#kills)
      if (afterRound === round) this.#timers.push(setTimeout(() => kill(processes.pids[place]), delayMs));
  };

  stop = (): void => this.#timers.forEach(clearTimeout);
}

function kill(pid: number | undefined): void {
  try {
    process.kill(pid!, "SIGKILL");
  } catch {
    // It has been killed a moment ago, and its successor is not yet there.
  }
}
