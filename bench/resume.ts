// What a kill costs: how many workers' shares of a round (20 local steps of the job of examples/sentiment, of 4 workers in 2
// processes) are trained again. Killed is a worker or the whole command, as a round ends or in the middle of one.
// `node bench/resume.ts [runs of each kind, default 5]`. Writes bench/results/resume.json.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { begunUpdates, notingWork, processesOf } from "../test/end-to-end/notes.ts";
import { RunningTrivet } from "../test/end-to-end/running.ts";
import { Random } from "../worker-runtime/src/training/random.ts";
import { medianOf, writeResult } from "./support/results.ts";

const job = fileURLToPath(new URL("../examples/sentiment/job.yaml", import.meta.url));
const processes = 2;
const runs = Number(process.argv[2] ?? 5);

type Victim = "nobody" | "a worker" | "the command";
type Moment = "as a round ends" | "in the middle of a round";

/** Trains to the end with one kill, and gives the keys of the updates that were begun. */
async function begunWith(victim: Victim, moment: Moment, random: Random): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "trivet-resume-"));
  const train = () => new RunningTrivet(folder, ["train", job, "--json", "-p", String(processes)], notingWork(folder));
  try {
    const running = train();
    const killAfter = 2 + random.below(8, 0);
    let roundMs = 0;
    let lastMs = 0;
    for await (const event of running.events()) {
      if (event.type !== "round") continue;
      [roundMs, lastMs] = [performance.now() - lastMs, performance.now()];
      if (event.round !== killAfter || victim === "nobody") continue;
      if (moment === "in the middle of a round") await sleep(roundMs * random.uniform(1));
      // The first process is the command itself.
      const pids = processesOf(folder);
      if (victim === "the command") running.kill("SIGKILL");
      else process.kill(pids[1 + random.below(processes, 2)]!, "SIGKILL");
    }
    await running.ended();
    if (victim === "the command") {
      const again = train();
      for await (const _ of again.events()) {
        // Its events must be read, so that it does not wait for us.
      }
      await again.ended();
    }
    return begunUpdates(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const needed = (await begunWith("nobody", "as a round ends", new Random(0))).length;
const rows = [];
for (const victim of ["a worker", "the command"] as const)
  for (const moment of ["as a round ends", "in the middle of a round"] as const) {
    const again: number[] = [];
    for (let run = 0; run < runs; run++)
      again.push((await begunWith(victim, moment, new Random(run, victim, moment))).length - needed);
    const bound = victim === "a worker" ? 1 : processes;
    rows.push({ victim, moment, median: medianOf(again), most: Math.max(...again), bound, again: again.join(" ") });
  }
console.table(rows);
writeResult("resume", { sharesOfUndisturbedRun: needed, sharesTrainedAgain: rows });
