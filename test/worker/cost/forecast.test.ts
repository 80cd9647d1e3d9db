import { join } from "node:path";
import { expect } from "chai";
import { runStub, type StubJob } from "../../../bench/support/stub-world.ts";
import { roundTraffic } from "../../../worker-runtime/src/cost/forecast.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

describe("the forecast of a round's traffic", () => {
  const folder = temporaryFolder();

  const jobs: readonly StubJob[] = [1, 3, 10].flatMap((workers) =>
    (["fp32", "bf16", "int8"] as const).flatMap((codec) =>
      [1, 2, 5].map((reducers) => ({ weightCount: 20_000, workers, codec, reducers, rounds: 3 })),
    ),
  );

  it("has the requests of a real round, for any workers, shards and codec", async () => {
    for (const job of jobs) {
      const { plan, rounds } = await runStub(join(folder(), JSON.stringify(job)), job);
      const { put, get, head, list } = rounds.at(-1)!.use;
      const forecast = roundTraffic(plan, 2);
      const real = { put, get, head, list };
      const { put: p, get: g, head: h, list: l } = forecast;
      expect({ put: p, get: g, head: h, list: l }, JSON.stringify(job)).to.deep.equal(real);
    }
  });

  it("has the bytes of a real round, to 5 %", async () => {
    for (const job of jobs) {
      const { plan, rounds } = await runStub(join(folder(), JSON.stringify(job)), job);
      const { bytesRead, bytesWritten } = rounds.at(-1)!.use;
      const forecast = roundTraffic(plan, 2);
      expect(forecast.bytesRead / bytesRead, `read, ${JSON.stringify(job)}`).to.be.closeTo(1, 0.05);
      expect(forecast.bytesWritten / bytesWritten, `written, ${JSON.stringify(job)}`).to.be.closeTo(1, 0.05);
    }
  });
});
