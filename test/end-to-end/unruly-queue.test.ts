import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { trainToEnd } from "./running.ts";
import { writeSmallJob } from "./small-job.ts";
import { identity, undisturbed } from "./train-here.ts";

const seeds = 3;
const unruly = new URL("./unruly-queue.ts", import.meta.url).href;

describe("messages that come one to three times, in any order", function () {
  this.timeout(600_000);
  const folder = temporaryFolder();

  it(`change no bit and leave no divergence, with ${seeds} seeds`, async () => {
    // Fewer rounds: in each the workers wait for what is late.
    const document = await writeSmallJob(folder(), { rounds: { count: 8, localSteps: 4, reducers: 2, codec: "int8" } });
    const expected = await undisturbed(document, folder());
    for (let seed = 1; seed <= seeds; seed++) {
      const store = `store-${seed}`;
      const log = join(folder(), `copies-${seed}`);
      const environment = { NODE_OPTIONS: `--import=${unruly}`, UNRULY_SEED: String(seed), UNRULY_LOG: log };
      const { exitCode } = await trainToEnd(folder(), ["--store", store], environment);
      expect(exitCode, `seed ${seed}`).to.equal(0);
      expect(await identity(folder(), store, expected), `seed ${seed}`).to.deep.equal(expected);
      expect(new Set(readFileSync(log, "utf8").trim().split("\n")), `seed ${seed}`).to.have.keys("1", "2", "3");
    }
  });
});
