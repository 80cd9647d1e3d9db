import { expect } from "chai";
import fc from "fast-check";
import { MemoryObjectStore } from "../../worker-runtime/src/clouds/memory/object-store.ts";
import { decide } from "../../worker-runtime/src/protocol/decisions.ts";
import { findGarbage, findUnusedDatasets, removeGarbage } from "../../worker-runtime/src/protocol/garbage.ts";
import { keys } from "../../worker-runtime/src/protocol/keys.ts";
import { verifyJob } from "../../worker-runtime/src/protocol/verify.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { documentOf, outcomeOf, planOf, World } from "../worker/protocol/world.ts";

const { job } = planOf();

async function collect({ store }: World): Promise<string[]> {
  const garbage = await findGarbage(store);
  await removeGarbage(store, garbage);
  return garbage.flatMap(({ objects }) => objects.map(({ key }) => key));
}

const roundsOf = async ({ store }: World) => (await store.list(`rounds/${job}/`)).map(({ key }) => key);

describe("garbage of jobs", () => {
  it("is every round of a job that has its result, and the result still verifies", async () => {
    const { world } = await outcomeOf();
    const before = (await world.store.list("jobs/")).map(({ key }) => key);
    expect((await collect(world)).length).to.be.greaterThan(10);
    expect(await roundsOf(world)).to.deep.equal([]);
    expect((await world.store.list("jobs/")).map(({ key }) => key)).to.deep.equal(before);
    expect((await verifyJob(world.store, job)).problems).to.deep.equal([]);
    expect(await collect(world)).to.deep.equal([]);
  });

  it("is nothing that a job needs: collected at any moment, it comes to the bits of an undisturbed one", async () => {
    const plan = planOf({ rounds: 8, reducers: 2 });
    const { weights, chain } = await outcomeOf({ plan });
    let removed = 0;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 1, max: 20 }), async (first, every) => {
        let handled = 0;
        const world: World = new World({
          plan,
          handle: async (worker, delivery) => {
            const outcome = await worker.handle(delivery);
            if (handled >= first && (handled - first) % every === 0 && !(await world.isOver()))
              removed += (await collect(world)).length;
            handled++;
            return outcome;
          },
        });
        await world.submit();
        await world.work(2);
        const result = await world.result();
        expect(result).to.include({ weightsHash: weights, chainHash: chain });
      }),
      { numRuns: 20, seed: 20261125 },
    );
    expect(removed).to.be.greaterThan(100);
  });

  it("keeps the head of a job that was interrupted, and two rounds behind it", async () => {
    const world = new World({ plan: planOf({ rounds: 9, workers: 1 }) });
    await world.submit();
    const worker = world.worker();
    for (let i = 0; i < 7; i++) await worker.handle((await world.queue.receive(300))!);
    const removed = await collect(world);
    const head = (await verifyJob(world.store, job)).rounds.length;
    expect(head).to.be.greaterThan(3);
    expect(removed.length).to.be.greaterThan(0);
    const kept = new Set((await roundsOf(world)).map((key) => Number(key.split("/")[2])));
    expect([...kept][0]).to.equal(head - 2);
    expect(await world.store.head(keys.model(job, head, 0))).not.to.equal(undefined);
  });

  it("keeps the best model of a job that stops early, and the one that is decided to be the result", async () => {
    const document = documentOf();
    const training = { ...document.training, earlyStop: { patience: 100 } };
    const world = new World({ plan: planOf({ rounds: 12, workers: 1 }), document: { ...document, training } });
    await world.submit();
    const worker = world.worker();
    for (let i = 0; i < 11; i++) await worker.handle((await world.queue.receive(300))!);
    await decide(world.store, job, "result", { round: 2, reason: "best" });
    await collect(world);
    const kept = new Set((await roundsOf(world)).map((key) => Number(key.split("/")[2])));
    expect(await world.store.head(keys.model(job, 2, 0))).not.to.equal(undefined);
    expect(await world.store.head(keys.update(job, 2, 0))).to.equal(undefined);
    expect(kept.has(3)).to.equal(false);
  });

  it("is nothing where the plan is damaged, and everything of a job whose folder somebody removed", async () => {
    const store = new MemoryObjectStore();
    await store.putIfAbsent(keys.model("gone-1", 0, 0), new Uint8Array(5));
    await store.putIfAbsent(keys.model("broken-1", 0, 0), new Uint8Array(7));
    await store.putIfAbsent(keys.spec("broken-1"), Buffer.from("{}"));
    await store.putIfAbsent(keys.plan("broken-1"), Buffer.from("{}"));
    const garbage = await findGarbage(store);
    expect(garbage.map(({ of, objects }) => [of, objects.length])).to.deep.equal([["gone-1", 1]]);
  });

  it("is a dataset that no job names, once it is a day old", async () => {
    const clock = new ManualClock();
    const { world } = await outcomeOf();
    const store = new MemoryObjectStore(clock);
    for (const { key } of [...(await world.store.list("jobs/")), ...(await world.store.list("datasets/"))])
      await store.putIfAbsent(key, (await world.store.get(key))!);
    await store.putIfAbsent("datasets/unused/shards/00000.safetensors", new Uint8Array(9));
    await store.putIfAbsent("datasets/unused/manifest.json", new Uint8Array(1));
    expect(await findUnusedDatasets(store, clock.nowMs())).to.deep.equal([]);
    clock.pass(25 * 3600);
    const garbage = await findUnusedDatasets(store, clock.nowMs());
    expect(garbage.map(({ objects }) => objects.length)).to.deep.equal([2]);
    await removeGarbage(store, garbage);
    expect((await store.list("datasets/")).map(({ key }) => key)).to.deep.equal(["datasets/none/manifest.json"]);
  });
});
