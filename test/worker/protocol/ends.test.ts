import { setImmediate } from "node:timers/promises";
import { expect } from "chai";
import { describe, it } from "mocha";
import { UserError } from "../../../worker-runtime/src/errors.ts";
import type { Plan } from "../../../worker-runtime/src/job/plan.ts";
import type { ObjectStore } from "../../../worker-runtime/src/ports/object-store.ts";
import { decide } from "../../../worker-runtime/src/protocol/decisions.ts";
import { keys } from "../../../worker-runtime/src/protocol/keys.ts";
import type { Learner, LocalState } from "../../../worker-runtime/src/protocol/learner.ts";
import { readDivergences } from "../../../worker-runtime/src/protocol/run-record.ts";
import { verifyJob } from "../../../worker-runtime/src/protocol/verify.ts";
import type { KernelStamp } from "../../../worker-runtime/src/training/trainer.ts";
import { ArithmeticLearner } from "./arithmetic-learner.ts";
import { documentOf, outcomeOf, planOf, seed, World } from "./world.ts";

/** A learner whose `train` a test replaces. */
function learnerWith(
  train: (own: ArithmeticLearner, ...args: Parameters<ArithmeticLearner["train"]>) => Promise<LocalState>,
) {
  return () => {
    const learner = new ArithmeticLearner(11, seed);
    const own = new ArithmeticLearner(11, seed);
    learner.train = (...args) => train(own, ...args);
    return learner;
  };
}

const failedReason = async (world: World) => {
  const stored = await world.store.get(keys.decision(world.plan.job, "failed"));
  return stored && (JSON.parse(Buffer.from(stored).toString()).reason as string);
};

describe("how a job ends", () => {
  it("fails at once, with what to do, when the loss is no number", async () => {
    const learner = learnerWith(async (own, round, worker, from, toStep) => ({
      ...(await own.train(round, worker, from, toStep)),
      lossSum: Number.NaN,
    }));
    const { world } = await outcomeOf({ learner });
    expect(await failedReason(world)).to.match(
      /loss became NaN in round 0, worker 0.*Lower training.learningRate \(now 0.05\)/s,
    );
    expect(await world.result()).to.equal(undefined);
    expect(world.handled.filter(({ outcome }) => outcome === "retry")).to.deep.equal([]);
  });

  it("tries a passing error again and comes to the same result", async () => {
    const { weights } = await outcomeOf();
    let failures = 0;
    const learner = learnerWith(async (own, ...args) => {
      if (failures++ < 3) throw new Error("connection reset");
      return own.train(...args);
    });
    const { world, ...again } = await outcomeOf({ learner });
    expect(again.weights).to.equal(weights);
    expect(world.handled.filter(({ outcome }) => outcome === "retry")).to.have.length(3);
  });

  it("fails with the last reason when a task cannot be done in five attempts, and never hangs", async () => {
    let attempts = 0;
    const learner = learnerWith(async (own, round, worker, from, toStep) => {
      if (round === 1 && worker === 2) throw new Error(`out of memory, attempt ${++attempts}`);
      return own.train(round, worker, from, toStep);
    });
    const { world } = await outcomeOf({ learner });
    // Its message comes five times; the round's look sends it once or twice more in between.
    expect(attempts).to.be.within(5, 10);
    expect(await failedReason(world)).to.equal(`out of memory, attempt ${attempts}`);
  });

  it("waits for a person, and does not fail the job, while the disk is full", async () => {
    const { weights } = await outcomeOf();
    let full = true;
    const learner = learnerWith(async (own, ...args) => {
      if (full) throw new UserError("The disk is full.", 3);
      return own.train(...args);
    });
    const world = new World({ learner });
    await world.submit();
    const worker = world.worker();
    await worker.handle((await world.queue.receive(300))!);
    const handled = await worker.handle((await world.queue.receive(300))!);
    expect(handled.outcome).to.equal("retry");
    expect(await failedReason(world)).to.equal(undefined);
    full = false;
    await world.work();
    expect((await world.result())!.weightsHash).to.equal(weights);
  });

  it("stops early when the metric no longer improves, and keeps the best model", async () => {
    const document = documentOf();
    const learner = () => {
      const learner = new ArithmeticLearner(11, seed);
      let measured = 0;
      // Better in round 2 than in rounds 1, 3 and 4.
      learner.metrics = () => ({ error: [0.5, 0.2, 0.3, 0.4, 0.4, 0.4][measured++]! });
      return learner;
    };
    const options = { plan: planOf({ rounds: 9 }), learner };
    const { world } = await outcomeOf({
      ...options,
      document: { ...document, training: { ...document.training, earlyStop: { patience: 2 } } },
    });
    const result = (await world.result())!;
    expect(result.state).to.equal("stopped-early");
    expect(result.round).to.equal(2);
    expect(result.reason).to.match(/error has not improved in 2 measurements/);
    expect((await verifyJob(world.store, world.plan.job)).rounds).to.have.length(5);
  });

  it("ends at the next round after a cancel, with the model so far", async () => {
    const world = new World({ plan: planOf({ rounds: 50 }) });
    await world.submit();
    const worker = world.worker();
    for (let i = 0; i < 6; i++) await worker.handle((await world.queue.receive(300))!);
    await decide(world.store, world.plan.job, "cancel", { reason: "asked for" });
    await world.work(2);
    const result = (await world.result())!;
    expect(result).to.include({ state: "cancelled", reason: "asked for", round: 2 });
  });

  it("acknowledges messages that are not its own, once, and goes on", async () => {
    const world = new World();
    const message = (task: unknown, fields = {}) =>
      JSON.stringify({ trivet: 1, job: "arithmetic-1", sentAtMs: 0, task, ...fields });
    const strangers = [
      ["not JSON", "{", "it is not JSON"],
      ["a list", "[]", "it is not a JSON object"],
      ["another version", message({ kind: "finish" }, { trivet: 2 }), "its version is 2, not 1"],
      ["a climbing path", message({ kind: "finish" }, { job: "../../etc" }), "its job is not a job's name"],
      ["an unknown task", message({ kind: "dance", round: 1 }), "its task is not one of this version"],
      ["a negative round", message({ kind: "advance", round: -1 }), "its task is not one of this version"],
      [
        "a worker that is text",
        message({ kind: "step", round: 0, worker: "../1" }),
        "its task is not one of this version",
      ],
      ["a fraction", message({ kind: "step", round: 0.5, worker: 0 }), "its task is not one of this version"],
    ] as const;
    for (const [, body] of strangers) await world.queue.send([body]);
    await world.submit();
    await world.work();
    const reasons = world.handled.flatMap((handled) => (handled.outcome === "poison" ? [handled.reason] : []));
    expect(reasons).to.have.length(strangers.length);
    for (const [i, [name, , reason]] of strangers.entries()) expect(reasons[i], name).to.contain(reason);
    expect((await world.result())!.state).to.equal("finished");
  });

  it("acknowledges a message for a job that is not in the store, and says so", async () => {
    const world = new World();
    await world.queue.send([JSON.stringify({ trivet: 1, job: "gone", sentAtMs: 0, task: { kind: "finish" } })]);
    const handled = await world.worker().handle((await world.queue.receive(300))!);
    expect(handled).to.include({ outcome: "poison", reason: "there is no job gone in this store" });
    expect(world.queue.size).to.equal(0);
    expect(await world.store.list("")).to.deep.equal([]);
  });
});

describe("the audit", () => {
  const stamp: KernelStamp = {
    backend: "tensorflow",
    tensorflow: "2.21.0",
    threads: 1,
    oneDnn: false,
    cpu: "avx2 fma",
  };

  /** What it records when a task runs twice at once, with other bits the second time, under these stamps. */
  async function divergencesOf(numerics: "portable" | "native", ...stamps: KernelStamp[]) {
    let workers = 0;
    const learner = (plan: Plan): Learner => {
      const own = new ArithmeticLearner(plan.weightCount, plan.seed);
      const number = workers++;
      const train: Learner["train"] = async (round, worker, from, toStep) => {
        const state = await own.train(round, worker, from, toStep);
        if (number === 0 && round === 0 && worker === 0) state.weights[0]! += 0.25;
        return state;
      };
      const learner = new ArithmeticLearner(plan.weightCount, plan.seed);
      return Object.assign(learner, { train, stamp: stamps[number] ?? stamps[0] }) as Learner;
    };
    const world = new World({ learner, plan: planOf({ numerics }) });
    await world.submit();
    const [slow, quick] = [world.worker(), world.worker()];
    await slow.handle((await world.queue.receive(300))!);
    const first = (await world.queue.receive(1))!;
    world.clock.pass(2);
    const again = (await world.queue.receive(300))!;
    await Promise.all([slow.handle(first), quick.handle(again)]);
    await world.work();
    return readDivergences(world.store, world.plan.job);
  }

  it("holds portable results to one another whatever the machine", async () => {
    const other: KernelStamp = { ...stamp, threads: 2, oneDnn: true, cpu: "avx512f" };
    const [divergence, ...more] = await divergencesOf("portable", stamp, other);
    expect(more).to.deep.equal([]);
    expect(divergence).to.not.have.property("explanation");
  });

  it("explains native results that differ by the machine, but not those of equal machines", async () => {
    const other: KernelStamp = { ...stamp, threads: 2, oneDnn: true, cpu: "avx512f" };
    const [explained] = await divergencesOf("native", stamp, other);
    expect(explained!.explanation).to.match(/^Native numerics has other bits on another kind of machine/);
    expect(explained!.explanation).to.include("1 thread, oneDNN off, CPU avx2 fma");
    expect(explained!.explanation).to.include("2 threads, oneDNN on, CPU avx512f");
    const [unexplained] = await divergencesOf("native", stamp, stamp);
    expect(unexplained).to.not.have.property("explanation");
  });

  it("explains results of another version of TensorFlow, portable or not", async () => {
    const [divergence] = await divergencesOf("portable", stamp, { ...stamp, tensorflow: "2.9.1" });
    expect(divergence!.explanation).to.include("tensorflow 2.21.0").and.to.include("tensorflow 2.9.1");
  });

  it("keeps the first bytes and records the other ones when a duplicate diverges", async () => {
    let calls = 0;
    const learner = learnerWith(async (own, round, worker, from, toStep) => {
      const state = await own.train(round, worker, from, toStep);
      if (++calls === 1) state.weights[0]! += 0.25;
      return state;
    });
    const world = new World({ learner });
    await world.submit();
    const slow = world.worker();
    const quick = world.worker();
    await slow.handle((await world.queue.receive(300))!);
    const first = (await world.queue.receive(1))!;
    world.clock.pass(2);
    const again = (await world.queue.receive(300))!;
    await Promise.all([slow.handle(first), quick.handle(again)]);
    await world.work();
    const divergences = await readDivergences(world.store, world.plan.job);
    expect(divergences).to.have.length(1);
    expect(divergences[0]!.key).to.equal(keys.update(world.plan.job, 0, 0));
    expect(divergences[0]!.storedHash).to.not.equal(divergences[0]!.otherHash);
    expect((await verifyJob(world.store, world.plan.job)).problems).to.deep.equal([]);
  });

  it("finds any flipped bit in what a job has stored", async () => {
    const { world } = await outcomeOf({ plan: planOf({ reducers: 2, codec: "bf16" }) });
    const stored = [...(await world.store.list("jobs/")), ...(await world.store.list("rounds/"))];
    const checked = stored.filter(({ key }) => /model\/|updates\/|manifests\/|result\/weights/.test(key));
    expect(checked.length).to.be.greaterThan(20);
    for (const { key, sizeBytes } of checked)
      for (const offset of [0, 81, Math.floor(sizeBytes / 2), sizeBytes - 1]) {
        const good = (await world.store.get(key))!;
        if (offset >= sizeBytes || (/updates|model/.test(key) && offset < 4096 && offset > 81)) continue; // Behind the report: the trace, not hashed.
        const bad = good.slice();
        bad[offset]! ^= 1;
        await replace(world, key, bad);
        const { problems } = await verifyJob(world.store, world.plan.job).catch((error: Error) => ({
          problems: [error.message],
        }));
        expect(problems, `${key} at byte ${offset}`).to.not.deep.equal([]);
        await replace(world, key, good);
      }
    expect((await verifyJob(world.store, world.plan.job)).problems).to.deep.equal([]);
  });

  it("ends a job, naming the object, when what a task reads is damaged", async () => {
    const world = new World();
    await world.submit();
    const worker = world.worker();
    await worker.handle((await world.queue.receive(300))!);
    const key = keys.model(world.plan.job, 0, 0);
    const bad = (await world.store.get(key))!;
    bad[4096 + 40]! ^= 4;
    await replace(world, key, bad);
    await world.work();
    expect(await failedReason(world)).to.match(new RegExp(`The stored object ${key} is damaged`));
  });

  it("does so too when only the reduce finds the damage, while it waits for the updates", async () => {
    const wrapStore = (store: ObjectStore): ObjectStore => ({
      putIfAbsent: (...args) => store.putIfAbsent(...args),
      head: (key) => store.head(key),
      list: (prefix) => store.list(prefix),
      delete: (key) => store.delete(key),
      async get(key, range) {
        if (key.includes("/updates/")) await setImmediate();
        return store.get(key, range);
      },
    });
    const world = new World({ wrapStore });
    await world.submit();
    const worker = world.worker();
    for (let handled = 0; handled < 3; handled++) await worker.handle((await world.queue.receive(300))!);
    const key = keys.model(world.plan.job, 0, 0);
    const bad = (await world.store.get(key))!;
    bad[4096 + 40]! ^= 4;
    await replace(world, key, bad);
    const unhandled: unknown[] = [];
    const note = (error: unknown) => unhandled.push(error);
    process.on("unhandledRejection", note);
    // This one has the weights still in memory, so that it trains the last share.
    const handled = await worker.handle((await world.queue.receive(300))!);
    process.off("unhandledRejection", note);
    expect(unhandled, "would have ended the process").to.deep.equal([]);
    expect(handled.outcome, "it may have been damaged on the way").to.equal("retry");
    await world.work();
    expect(await failedReason(world)).to.match(new RegExp(`The stored object ${key} is damaged`));
  });
});

async function replace(world: World, key: string, body: Uint8Array): Promise<void> {
  await world.store.delete(key);
  await world.store.putIfAbsent(key, body);
}
