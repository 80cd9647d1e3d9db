import { expect } from "chai";
import { describe, it } from "mocha";
import { explore } from "./explorer.ts";

describe("every state of a job of two workers and two rounds", function () {
  this.timeout(300_000);

  // `npm run explore` goes further.
  for (const { reducers, crashes, duplicates } of [
    { reducers: 1, crashes: 1, duplicates: 0 },
    { reducers: 2, crashes: 0, duplicates: 1 },
  ])
    it(`with ${reducers} reducers, ${crashes} crashes and ${duplicates} duplicates leads to the one result`, async () => {
      const found = await explore({ ...{ reducers, crashes, duplicates }, rounds: 2, concurrency: 2, mostStates: 5e6 });
      console.log(`      ${found.states.toLocaleString("en-GB")} states, depth ${found.depth}`);
      if (found.problem) expect.fail(`${found.problem.what}\n${found.problem.way.join("\n")}`);
      expect(found.complete).to.equal(true);
      expect(found.ends).to.be.above(0);
    });
});
