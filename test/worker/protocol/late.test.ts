import { expect } from "chai";
import { describe, it } from "mocha";
import type { Plan } from "../../../worker-runtime/src/job/plan.ts";
import type { ObjectStore } from "../../../worker-runtime/src/ports/object-store.ts";
import type { TaskQueue } from "../../../worker-runtime/src/ports/task-queue.ts";
import { decide, readDecisions } from "../../../worker-runtime/src/protocol/decisions.ts";
import { keys } from "../../../worker-runtime/src/protocol/keys.ts";
import { encodeMessage, type Task } from "../../../worker-runtime/src/protocol/messages.ts";
import { readDivergences } from "../../../worker-runtime/src/protocol/run-record.ts";
import { verifyJob } from "../../../worker-runtime/src/protocol/verify.ts";
import { ArithmeticLearner } from "./arithmetic-learner.ts";
import { documentOf, outcomeOf, planOf, World } from "./world.ts";

const job = "arithmetic-1";
const step = (round: number, worker: number): Task => ({ kind: "step", round, worker });

/** A delivery of a task, for the n-th time, that nobody waits for. */
const delivery = (task: Task, attempt = 1) => ({
  body: encodeMessage({ trivet: 1, job, sentAtMs: 0, task }),
  attempt,
  acknowledge: async () => {},
  release: async () => {},
});

/** A queue that counts what is sent, by kind of task. */
function counting(queue: TaskQueue, sent: string[]): TaskQueue {
  return {
    async send(messages, options) {
      sent.push(...messages.map((message) => JSON.parse(message).task.kind));
      await queue.send(messages, options);
    },
  };
}

function wrapped(store: ObjectStore, changes: Partial<ObjectStore>): ObjectStore {
  const bound = ["putIfAbsent", "get", "head", "list", "delete"] as const;
  return { ...Object.fromEntries(bound.map((name) => [name, store[name].bind(store)])), ...changes } as ObjectStore;
}

async function untilRound(world: World, round: number): Promise<void> {
  const worker = world.worker();
  while (!(await world.store.head(keys.manifest(job, round)))) {
    const next = await world.queue.receive(300);
    if (next) await worker.handle(next);
    else world.clock.pass(30);
  }
}

describe("what comes late", () => {
  it("a look that completed the round and died goes on when it comes again", async () => {
    let dies = true;
    const sent: string[] = [];
    const world = new World({
      plan: planOf({ workers: 1 }),
      wrapQueue: (queue) => ({
        async send(messages, options) {
          if (dies && messages.some((message) => message.includes('"step","round":1'))) throw new Error("killed");
          await counting(queue, sent).send(messages, options);
        },
      }),
    });
    await world.submit();
    const worker = world.worker();
    await worker.handle((await world.queue.receive(300))!);
    // Its update is stored by somebody who dies then; the look completes the round, and dies before the next is sent.
    await worker.handle(delivery(step(0, 0)));
    await worker.handle(delivery({ kind: "advance", round: 0, look: 1 }));
    dies = false;
    expect(sent).not.to.include("finish");
    sent.length = 0;
    await worker.handle(delivery({ kind: "advance", round: 0, look: 1 }, 2));
    expect(sent).to.include("step");
  });

  it("a look goes on to the next round when who completed its own died and a copy of its message was acknowledged", async () => {
    const world = new World();
    const undisturbed = await outcomeOf();
    await world.submit();
    await untilRound(world, 0);
    // Nothing of round 1 was ever sent; all that is left is the look at round 0.
    for (; world.queue.size > 0; world.clock.pass(100)) await (await world.queue.receive(1e6))?.acknowledge();
    await world.queue.send([delivery({ kind: "advance", round: 0, look: 1 }).body]);
    await world.work();
    expect((await world.result())!.weightsHash).to.equal(undisturbed.weights);
  });

  for (const [what, goOn] of [
    ["its look", (world: World) => world.queue.send([delivery({ kind: "advance", round: 3, look: 1 }).body])],
    ["who submits it again", (world: World) => world.submit()],
  ] as const)
    it(`a job that was to stop early does, when who completed the round died before deciding it: by ${what}`, async () => {
      const document = documentOf();
      const options = {
        plan: planOf({ rounds: 9 }),
        document: { ...document, training: { ...document.training, earlyStop: { patience: 1 } } },
        // Better from round to round, up to the second.
        learner: ({ weightCount, seed }: Plan) => {
          const learner = new ArithmeticLearner(weightCount, seed);
          return Object.assign(learner, { metrics: (sums: Record<string, number>) => ({ error: sums.count! }) });
        },
      };
      const undisturbed = await outcomeOf(options);
      expect((await undisturbed.world.result())!.state).to.equal("stopped-early");
      const stops = (await readDecisions(undisturbed.world.store, job)).find(({ name }) => name === "stop")!.round!;
      expect(stops).to.equal(2);
      let dies = true;
      const world = new World({
        ...options,
        wrapStore: (store) =>
          wrapped(store, {
            async putIfAbsent(key, body) {
              if (dies && key === keys.decision(job, "stop")) throw new Error("killed");
              return store.putIfAbsent(key, body);
            },
          }),
      });
      await world.submit();
      await untilRound(world, stops);
      for (; world.queue.size > 0; world.clock.pass(100)) await (await world.queue.receive(1e6))?.acknowledge();
      dies = false;
      await goOn(world);
      await world.work();
      expect((await world.result())!.state).to.equal("stopped-early");
      expect((await world.result())!.chainHash).to.equal(undisturbed.chain);
    });

  for (const reducers of [1, 2])
    it(`a task whose round is complete, and removed, neither trains nor ends the job (${reducers} reducers)`, async () => {
      const world = new World({ plan: planOf({ reducers, rounds: 4 }) });
      await world.submit();
      await untilRound(world, 2);
      for (const { key } of await world.store.list(`rounds/${job}/000000/`)) await world.store.delete(key);
      for (const { key } of await world.store.list(keys.models(job, 1))) await world.store.delete(key);
      const worker = world.worker();
      for (const task of [step(0, 1), { kind: "reduce", round: 0, shard: 0 } as const])
        for (const attempt of [1, 2])
          expect((await worker.handle(delivery(task, attempt))).outcome, task.kind).to.equal("done");
      expect(await world.store.list(`rounds/${job}/000000/updates/`)).to.deep.equal([]);
      await world.work();
      expect((await world.result())!.state).to.equal("finished");
    });

  it("a share that is begun after the result of a cancelled job is not trained", async () => {
    const world = new World({ plan: planOf({ rounds: 9 }) });
    await world.submit();
    await untilRound(world, 1);
    await decide(world.store, job, "cancel", { reason: "asked for" });
    const worker = world.worker();
    await worker.handle(delivery({ kind: "finish" }));
    await worker.handle(delivery(step(2, 0)));
    expect(await world.store.list(keys.updates(job, 2))).to.deep.equal([]);
  });

  it("a decision that a list does not show yet is not passed over when the result is made", async () => {
    let late = false;
    const world = new World({
      plan: planOf({ rounds: 9 }),
      wrapStore: (store) =>
        wrapped(store, {
          list: async (prefix) => (late && prefix === keys.decisions(job) ? [] : store.list(prefix)),
        }),
    });
    await world.submit();
    await untilRound(world, 1);
    await decide(world.store, job, "cancel", { reason: "asked for" });
    late = true;
    await world.worker().handle(delivery({ kind: "finish" }));
    expect((await world.result())!.state).to.equal("cancelled");
  });

  it("a round that is completed behind the result of a cancelled job does not spoil the audit", async () => {
    const world = new World({ plan: planOf({ rounds: 9, workers: 1 }) });
    await world.submit();
    await untilRound(world, 1);
    await decide(world.store, job, "cancel", { reason: "asked for" });
    const slow = world.worker();
    const [underWay] = [slow.handle(delivery(step(2, 0)))];
    await Promise.all([underWay, world.worker().handle(delivery({ kind: "finish" }))]);
    expect(await world.store.head(keys.manifest(job, 2)), "round 2 is complete").not.to.equal(undefined);
    const { problems, result } = await verifyJob(world.store, job);
    expect(result!.state).to.equal("cancelled");
    expect(problems).to.deep.equal([]);
  });

  it("copies of a look send one next look between them", async () => {
    const sent: string[] = [];
    const world = new World({ wrapQueue: (queue) => counting(queue, sent) });
    await world.submit();
    const worker = world.worker();
    await worker.handle((await world.queue.receive(300))!);
    sent.length = 0;
    for (let copy = 1; copy <= 5; copy++) await worker.handle(delivery({ kind: "advance", round: 0, look: 1 }, copy));
    expect(sent).to.deep.equal(["advance"]);
  });

  it("copies of a task of a complete round send the next round once more, and not each of them", async () => {
    const sent: string[] = [];
    const world = new World({ wrapQueue: (queue) => counting(queue, sent) });
    await world.submit();
    await untilRound(world, 0);
    sent.length = 0;
    const worker = world.worker();
    for (let attempt = 2; attempt <= 6; attempt++) await worker.handle(delivery(step(0, 1), attempt));
    expect(sent).to.deep.equal(["step", "step", "step", "advance"]);
  });
});

describe("what is damaged on the way", () => {
  /** Flips a bit, or takes the last byte, of the first reads of keys that match. */
  const damaging = (pattern: RegExp, offset: (sizeBytes: number) => number, reads = 1) => {
    let left = reads;
    return (store: ObjectStore): ObjectStore => ({
      putIfAbsent: (...args) => store.putIfAbsent(...args),
      head: (key) => store.head(key),
      list: (prefix) => store.list(prefix),
      delete: (key) => store.delete(key),
      async get(key, range) {
        const bytes = await store.get(key, range);
        const at = offset(bytes?.length ?? 0);
        if (!bytes || at < 0 || !pattern.test(key) || left-- <= 0) return bytes;
        if (at >= bytes.length) return bytes.slice(0, -1);
        bytes[at]! ^= 1;
        return bytes;
      },
    });
  };

  for (const [what, pattern, offset] of [
    ["the plan", /plan\.json$/, (size) => Math.floor(size / 2)],
    ["the document", /spec\.json$/, (size) => Math.floor(size / 2)],
    ["a manifest", /manifests/, () => 40],
    ["a manifest's last byte", /manifests/, () => Number.POSITIVE_INFINITY],
    ["the hash that a model's head names", /model/, (size) => (size === 4096 ? 3 : -1)],
    ["a model's weights", /model/, () => 4096 + 50],
    ["an update's report", /updates/, () => 80],
    ["an update's times", /updates/, () => 300],
    ["a decision", /decisions/, () => 30],
  ] as [string, RegExp, (size: number) => number][])
    for (const reducers of [1, 2])
      it(`${what}: it is read again, and the result is the same (${reducers} reducers)`, async () => {
        const plan = planOf({ reducers });
        const { world: undisturbed, ...expected } = await outcomeOf({ plan });
        const wrapStore = damaging(pattern, offset);
        const { world, ...found } = await outcomeOf({ plan, wrapStore });
        expect(found).to.deep.equal(expected);
        expect(
          world.handled.some(({ outcome }) => outcome === "retry"),
          "the damage was noticed",
        ).to.equal(true);
        expect(await readDivergences(world.store, job)).to.deep.equal([]);
        expect((await verifyJob(world.store, job)).problems).to.deep.equal([]);
        expect(undisturbed.handled.every(({ outcome }) => outcome === "done")).to.equal(true);
      });

  it("a file of the result that another wrote: its hash is not taken from one bad read", async () => {
    const world = new World({ wrapStore: damaging(/report\.html/, () => 10) });
    await world.submit();
    await untilRound(world, 3);
    await world.store.putIfAbsent(
      keys.result(job, "report.html"),
      Buffer.from("an earlier report, of one who then died"),
    );
    await world.work();
    expect((await world.result())!.state).to.equal("finished");
    expect((await verifyJob(world.store, job)).problems).to.deep.equal([]);
  });
});
