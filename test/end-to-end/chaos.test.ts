import { expect } from "chai";
import { describe, it } from "mocha";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { trainToEnd } from "./running.ts";
import { writeSmallJob } from "./small-job.ts";
import { identity, undisturbed } from "./train-here.ts";

const seed = 1;

describe("trivet train --chaos", function () {
  this.timeout(600_000);
  const folder = temporaryFolder();

  it("kills workers, damages reads and doubles messages, says how many, and comes to the same bits", async () => {
    const document = await writeSmallJob(folder());
    const expected = await undisturbed(document, folder());
    const run = await trainToEnd(folder(), ["--store", "store", "--processes", "2", "--chaos", String(seed)]);
    expect(run.exitCode, run.stderr).to.equal(0);
    expect(await identity(folder(), "store", expected)).to.deep.equal(expected);
    const notices = run.events.flatMap((event) => (event.type === "notice" ? [event.text] : []));
    expect(notices).to.include(`Chaos from seed ${seed}.`);
    const counted = notices.find((text) => text.startsWith(`Chaos from seed ${seed}:`))!;
    console.log(`      ${counted}`);
    const kills = run.events.filter((event) => event.type === "worker-exit" && event.signal === "SIGKILL").length;
    for (const fault of [`${kills} processes killed`, "requests refused", "bits flipped", "messages doubled"])
      expect(counted).to.include(fault);
  });
});
