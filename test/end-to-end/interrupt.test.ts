import { expect } from "chai";
import { describe, it } from "mocha";
import { runTrivet } from "../cli/run-trivet.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { notingWork, untilGone } from "./notes.ts";
import { RunningTrivet } from "./running.ts";
import { long, writeSmallJob } from "./small-job.ts";
import { identity, trainHere, undisturbed } from "./train-here.ts";

describe("Ctrl-C", function () {
  this.timeout(600_000);
  const folder = temporaryFolder();

  it("ends the command and its workers with the sentence that says how to go on, and so it goes on", async () => {
    const expected = await undisturbed(await writeSmallJob(folder(), long), folder());
    const running = new RunningTrivet(folder(), ["train", "job.json"], notingWork(folder()));
    await running.told("round  4/60");
    running.interrupt();
    const { exitCode, stderr } = await running.ended();
    expect(exitCode).to.equal(130);
    const next =
      /\nStopping\. Again: leave at once\.\nStopped\. Run the same command to go on from round (\d+)\.\n$/.exec(stderr);
    expect(next, stderr).to.not.equal(null);
    await untilGone(folder());

    const again = await runTrivet(folder(), ["train", "job.json"]);
    expect(again.exitCode).to.equal(0);
    expect(again.stderr).to.include(`\nGoes on from round ${next![1]}.\n`);
    expect(await identity(folder(), ".trivet", expected)).to.deep.equal(expected);
  });

  it("has the exit code of its signal when it was another one", async () => {
    await writeSmallJob(folder(), long);
    const running = new RunningTrivet(folder(), ["train", "job.json"], notingWork(folder()));
    await running.told("round  4/60");
    running.kill("SIGTERM");
    expect((await running.ended()).exitCode).to.equal(143);
    await untilGone(folder());
  });

  it("also ends the reading of the data, which the same command then does", async () => {
    const document = await writeSmallJob(folder());
    const stopped = await trainHere(document, folder(), { signal: AbortSignal.abort() });
    expect(stopped.outcome).to.include({ state: "interrupted", nextRound: 0 });
    expect(stopped.events.map(({ type }) => type)).to.deep.equal(["finished"]);
    expect((await trainHere(document, folder())).outcome.state).to.equal("finished");
  });
});
