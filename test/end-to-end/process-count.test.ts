import { expect } from "chai";
import { describe, it } from "mocha";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { trainToEnd } from "./running.ts";
import { writeSmallJob } from "./small-job.ts";
import { identity, trainHere, undisturbed } from "./train-here.ts";

describe("processes", function () {
  this.timeout(600_000);
  const folder = temporaryFolder();

  it("change nothing by their number: 1, 2 and 4 come to the same bits", async () => {
    const document = await writeSmallJob(folder());
    const expected = await undisturbed(document, folder());
    for (const processes of [1, 4]) {
      const store = `store-${processes}`;
      const { events } = await trainHere(document, folder(), { processes, store });
      expect(events.find((event) => event.type === "plan")).to.include({ processes });
      expect(await identity(folder(), store, expected)).to.deep.equal(expected);
    }
  });

  it("of two commands that train one job at the same time both finish it", async () => {
    const expected = await undisturbed(await writeSmallJob(folder()), folder());
    const runs = await Promise.all([trainToEnd(folder()), trainToEnd(folder())]);
    for (const { exitCode, stderr } of runs) expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: "" });
    expect(await identity(folder(), ".trivet", expected)).to.deep.equal(expected);
  });
});
