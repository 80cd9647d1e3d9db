import { expect } from "chai";
import { describe, it } from "mocha";
import type { RunEvent } from "../../worker-runtime/src/job/events.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { RunningTrivet, trainToEnd } from "./running.ts";
import { long, writeSmallJob } from "./small-job.ts";
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

  it("of two commands that train one job at the same time do not disturb each other, and both finish it", async () => {
    const expected = await undisturbed(await writeSmallJob(folder(), long), folder());
    const first = new RunningTrivet(folder(), ["train", "job.json", "--json"]);
    const events: RunEvent[] = [];
    let second: ReturnType<typeof trainToEnd> | undefined;
    for await (const event of first.events()) {
      events.push(event);
      if (event.type === "round") second ??= trainToEnd(folder());
    }
    for (const { exitCode, stderr } of [await first.ended(), await second!])
      expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: "" });
    // The second one came to messages of its own: no worker of the first lost those that it works on.
    const troubles = [...events, ...(await second!).events].filter(({ type }) => type === "worker-exit");
    expect(troubles).to.deep.equal([]);
    expect(await identity(folder(), ".trivet", expected)).to.deep.equal(expected);
  });
});
