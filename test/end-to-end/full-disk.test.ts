import { join } from "node:path";
import { expect } from "chai";
import { afterEach, describe, it } from "mocha";
import { runTrivet } from "../cli/run-trivet.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { makeSmallDisk, type SmallDisk } from "./small-disk.ts";
import { writeSmallJob } from "./small-job.ts";
import { identity, undisturbed } from "./train-here.ts";

describe("a full disk", function () {
  this.timeout(600_000);
  let disk: SmallDisk | undefined;
  // Before the folder that it is in.
  afterEach(() => disk?.remove());
  const folder = temporaryFolder();

  it("stops the run with a sentence and exit code 3; with more room the same command comes to the same bits", async () => {
    const expected = await undisturbed(await writeSmallJob(folder()), folder());
    disk = makeSmallDisk(folder());
    const train = () => runTrivet(folder(), ["train", "job.json", "--store", "disk"], disk);
    const full = await train();
    expect(full.exitCode, full.stderr).to.equal(3);
    expect(full.stdout).to.equal("");
    const where = join(folder(), "disk").replaceAll(".", "\\.");
    expect(full.stderr).to.match(
      new RegExp(
        `\nround .*\nerror: The disk that holds ${where}\\S* is full\\. What was stored is safe: make room, then run the same command to go on\\.\n$`,
      ),
    );

    disk.grow();
    const { exitCode, stderr } = await train();
    expect(exitCode, stderr).to.equal(0);
    expect(stderr).to.match(/^Goes on from round \d+\.$/m);
    expect(await identity(folder(), "disk", expected)).to.deep.equal(expected);
  });
});
