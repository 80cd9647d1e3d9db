import { expect } from "chai";
import { describe, it } from "mocha";
import { sha256 } from "../../../worker-runtime/src/hash.ts";
import type { Plan } from "../../../worker-runtime/src/job/plan.ts";
import { keys } from "../../../worker-runtime/src/protocol/keys.ts";
import { readDivergences } from "../../../worker-runtime/src/protocol/run-record.ts";
import { verifyJob } from "../../../worker-runtime/src/protocol/verify.ts";
import { ArithmeticLearner } from "./arithmetic-learner.ts";
import { KillAt, unruly } from "./faults.ts";
import { documentOf, outcomeOf, planOf, seed, World } from "./world.ts";

describe("the protocol of rounds", () => {
  it("trains to one result, whatever the number of concurrent workers", async () => {
    const alone = await outcomeOf();
    for (const concurrency of [2, 4]) {
      const { weights, chain } = await outcomeOf({}, concurrency);
      expect({ weights, chain }).to.deep.equal({ weights: alone.weights, chain: alone.chain });
    }
    expect((await alone.world.result())!.state).to.equal("finished");
    expect((await alone.world.result())!.round).to.equal(3);
  });

  it("gives the same weights for any number of reducers", async () => {
    const { weights } = await outcomeOf();
    for (const reducers of [2, 5, 11])
      expect((await outcomeOf({ plan: planOf({ reducers }) }, 3)).weights, `${reducers} reducers`).to.equal(weights);
  });

  for (const momentum of [0, 0.9])
    it(`does in two rounds what the formula of Nesterov's outer step says, with a momentum of ${momentum}`, async () => {
      const plan = planOf({ rounds: 2, outerMomentum: momentum > 0, reducers: 3 });
      const base = documentOf();
      const document = { ...base, rounds: { ...base.rounds, outer: { learningRate: 0.7, momentum } } };
      const { weights } = await outcomeOf({ plan, document }, 2);

      const learner = new ArithmeticLearner(plan.weightCount, seed);
      let expected = learner.initialWeights();
      const velocity = new Float32Array(plan.weightCount);
      for (let round = 0; round < plan.rounds; round++) {
        const from = { step: 0, weights: expected, optimizer: new Float32Array(0), lossSum: 0 };
        const ends = await Promise.all([0, 1, 2].map((worker) => learner.train(round, worker, from, plan.localSteps)));
        expected = expected.map((weight, i) => {
          const mean = ends.reduce((sum, end) => sum + Math.fround(weight - end.weights[i]!), 0) / 3;
          velocity[i] = momentum * velocity[i]! + mean;
          return weight - 0.7 * (mean + momentum * velocity[i]!);
        });
      }
      expect(weights).to.equal(sha256(new Uint8Array(expected.buffer)));
    });

  for (const codec of ["fp32", "bf16", "int8"] as const)
    it(`keeps its result when messages come 1 to 3 times, late and out of order (${codec})`, async () => {
      const plan = planOf({ codec, reducers: 3 });
      const { weights } = await outcomeOf({ plan });
      for (let seed = 1; seed <= 20; seed++) {
        const other = await outcomeOf({ plan, wrapQueue: (queue) => unruly(queue, seed) }, 3);
        expect(other.weights, `seed ${seed}`).to.equal(weights);
      }
    });

  for (const reducers of [1, 2])
    it(`survives a kill before and after every single call, with ${reducers} reducers`, async () => {
      const plan = planOf({ reducers, workers: 2, rounds: 2 });
      const undisturbed = await outcomeOf({ plan });
      const counter = new KillAt(Number.POSITIVE_INFINITY, "before");
      await outcomeOf({ plan, wrapStore: counter.wrap, wrapQueue: counter.wrap, handle: counter.handle });
      expect(counter.calls).to.be.greaterThan(40);
      for (let call = 1; call <= counter.calls; call++)
        for (const when of ["before", "after"] as const) {
          const kill = new KillAt(call, when);
          const { weights, chain, world } = await outcomeOf({
            ...{ plan, wrapStore: kill.wrap, wrapQueue: kill.wrap, handle: kill.handle },
          });
          expect({ weights, chain }, `killed ${when} call ${call}`).to.deep.equal({
            weights: undisturbed.weights,
            chain: undisturbed.chain,
          });
          expect((await verifyJob(world.store, plan.job)).problems).to.deep.equal([]);
        }
    });

  it("goes on from what is stored when the job is submitted again to an empty queue", async () => {
    const { weights, chain } = await outcomeOf();
    for (let tasks = 1; tasks < 14; tasks++) {
      const world = new World();
      await world.submit();
      const worker = world.worker();
      for (let i = 0; i < tasks; i++) await worker.handle((await world.queue.receive(300))!);
      for (let left = await world.queue.receive(1e6); left; left = await world.queue.receive(1e6))
        await left.acknowledge();
      await world.submit();
      await world.work(2);
      const result = await world.result();
      expect([result?.weightsHash, result?.chainHash], `stopped after ${tasks} tasks`).to.deep.equal([weights, chain]);
    }
  });

  it("submits a finished job without doing anything again", async () => {
    const { world } = await outcomeOf();
    const before = (await world.store.list("")).length;
    await world.submit();
    await world.work();
    expect((await world.store.list("")).length).to.equal(before);
  });

  it("pauses at planned boundaries when time runs out, and comes to the same bits", async () => {
    const { weights, chain } = await outcomeOf();
    let left = 0;
    const { world, ...paused } = await outcomeOf({ remainingMs: () => (left++ % 3 === 2 ? Infinity : -1) });
    expect(paused).to.deep.equal({ weights, chain });
    expect(await world.store.list(keys.parts(world.plan.job, 1, 0))).to.have.length(1);
  });

  it("takes each step once, however often it pauses", async () => {
    const taken: string[] = [];
    const learner = ({ weightCount, seed }: Plan) => {
      const own = new ArithmeticLearner(weightCount, seed);
      const { train } = own;
      return Object.assign(own, {
        train(...[round, worker, from, toStep]: Parameters<typeof train>) {
          for (let step = from.step; step < toStep; step++) taken.push(`${round} ${worker} ${step}`);
          return train.call(own, round, worker, from, toStep);
        },
      });
    };
    await outcomeOf({ learner, remainingMs: () => -1 });
    const { workers, rounds, localSteps } = planOf();
    expect(taken).to.have.length(workers * rounds * localSteps);
    expect(new Set(taken).size).to.equal(taken.length);
  });

  it("brings back a round whose messages were all lost", async () => {
    const { weights } = await outcomeOf();
    let lost = 0;
    const { world, ...found } = await outcomeOf({
      wrapQueue: (queue) => ({
        send: async (messages, options) => {
          const isStep = messages.some((message) => message.includes('"step","round":2'));
          if (isStep && lost++ === 0) return;
          await queue.send(messages, options);
        },
      }),
    });
    expect(lost).to.be.greaterThan(1);
    expect(found.weights).to.equal(weights);
    expect(world.plan.rounds).to.be.greaterThan(2);
  });

  it("sends a straggler's task again when the others are long done", async () => {
    const world = new World();
    await world.submit();
    let held = false;
    const worker = world.worker();
    // One delivery of round 1 is taken and never worked on: its worker hangs for an hour.
    for (let done = 0; done < 40 && !(await world.isOver()); ) {
      const delivery = await world.queue.receive(3600);
      if (!delivery) {
        world.clock.pass(10);
        continue;
      }
      if (!held && delivery.body.includes('"step","round":1')) {
        held = true;
        continue;
      }
      world.clock.pass(1);
      await worker.handle(delivery);
      done++;
    }
    expect(held).to.equal(true);
    expect((await world.result())?.weightsHash).to.equal((await outcomeOf()).weights);
  });

  it("records no divergence when duplicates agree", async () => {
    const { world } = await outcomeOf({ wrapQueue: (queue) => unruly(queue, 3) }, 4);
    expect(await readDivergences(world.store, world.plan.job)).to.deep.equal([]);
  });
});
