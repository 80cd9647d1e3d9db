import { expect } from "chai";
import { describe, it } from "mocha";
import { RoundWatcher } from "../../worker-runtime/src/clouds/local/round-watcher.ts";
import { MemoryObjectStore } from "../../worker-runtime/src/clouds/memory/object-store.ts";
import type { RoundEvent, RunEvent } from "../../worker-runtime/src/job/events.ts";
import { keys } from "../../worker-runtime/src/protocol/keys.ts";
import { encodeManifest } from "../../worker-runtime/src/protocol/manifest.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { planOf } from "../worker/protocol/world.ts";

describe("the rounds that a run tells of", () => {
  it("have their own speed, also when several of them were closed between two looks", async () => {
    const clock = new ManualClock();
    const store = new MemoryObjectStore(clock);
    const plan = planOf({ workers: 2, localSteps: 5, batchSize: 10, rounds: 9 });
    const startMs = clock.nowMs();
    const closeRound = async (round: number, startedAtMs: number, finishedAtMs: number) => {
      const manifest = {
        version: 1,
        round,
        parent: "",
        shards: [],
        numerics: "portable",
        trainLoss: 1,
        metrics: null,
        best: null,
      } as const;
      await store.putIfAbsent(keys.manifest(plan.job, round), encodeManifest(manifest));
      const trace = { startedAtMs: startMs + startedAtMs, finishedAtMs: startMs + finishedAtMs, bytesWritten: 7 };
      await store.putIfAbsent(keys.trace(plan.job, round), Buffer.from(JSON.stringify([trace, null])));
    };
    const events: RunEvent[] = [];
    const watcher = new RoundWatcher(store, plan, clock, 0, startMs, (event) => events.push(event));
    await closeRound(0, 400, 500);
    await closeRound(1, 500, 540);
    await closeRound(2, 540, 560);
    clock.pass(3);
    await watcher.look();
    const rounds = events as RoundEvent[];
    expect(rounds.map(({ round }) => round)).to.deep.equal([0, 1, 2]);
    // 100 examples in 100, 40 and 20 ms.
    expect(rounds.map(({ samplesPerSecond }) => samplesPerSecond)).to.deep.equal([1000, 2500, 5000]);
    // Seven more rounds at 30 ms, as the two after the first took in the mean.
    expect(rounds[2]!.etaMs).to.equal(210);
    expect(rounds.map(({ bytesWritten }) => bytesWritten)).to.deep.equal([7, 7, 7]);
  });
});
