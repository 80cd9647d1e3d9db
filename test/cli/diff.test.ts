import { expect } from "chai";
import { diffJobs } from "../../worker-runtime/src/protocol/diff.ts";
import { findGarbage, removeGarbage } from "../../worker-runtime/src/protocol/garbage.ts";
import { ArithmeticLearner } from "../worker/protocol/arithmetic-learner.ts";
import { documentOf, outcomeOf, planOf, seed, World } from "../worker/protocol/world.ts";

const { job } = planOf();
const parameters = [
  { name: "kernel", shape: [3, 3], offset: 0, length: 9 },
  { name: "bias", shape: [2], offset: 9, length: 2 },
];

/** A learner of another machine: in one round one worker comes to another last bit of one weight. */
function otherIn(round: number, worker: number, weight: number) {
  return () => {
    const learner = new ArithmeticLearner(11, seed);
    const own = new ArithmeticLearner(11, seed);
    learner.train = async (...args) => {
      const state = await own.train(...args);
      if (args[0] === round && args[1] === worker) new Uint32Array(state.weights.buffer)[weight]! ^= 1 << 12;
      return state;
    };
    return learner;
  };
}

async function trained(options: ConstructorParameters<typeof World>[0] = {}): Promise<World> {
  return (await outcomeOf({ plan: planOf({ parameters }), ...options })).world;
}

const side = ({ store }: World) => ({ store, job });

describe("the difference of two jobs", () => {
  it("is none for a job that was trained twice", async () => {
    const [one, other] = [await trained(), await trained()];
    const diff = await diffJobs(side(one), side(other));
    expect(diff).to.deep.include({ same: true, fields: [], closedRounds: [4, 4] });
    expect(diff.weightsHashes).to.deep.equal([(await one.result())!.weightsHash, (await other.result())!.weightsHash]);
    expect(diff).not.to.have.property("first");
  });

  it("names the first round, the first tensor with its value, and the worker that came to other bits", async () => {
    const [one, other] = [await trained(), await trained({ learner: otherIn(1, 2, 10) })];
    const { same, first } = await diffJobs(side(one), side(other));
    expect(same).to.equal(false);
    // Round 1 made other weights, so round 2 is the first to start from others.
    expect(first).to.deep.include({ round: 2, workers: [2] });
    expect(first?.tensor).to.include({ name: "bias", index: 1, differing: 1, count: 2 });
    const [left, right] = first!.tensor!.values;
    expect(first?.tensor?.largestDifference)
      .to.equal(Math.abs(left - right))
      .and.be.greaterThan(0);
  });

  it("goes by the hashes in the manifests where gc has removed the weights", async () => {
    const [one, other] = [await trained(), await trained({ learner: otherIn(1, 2, 10) })];
    for (const { store } of [one, other]) await removeGarbage(store, await findGarbage(store));
    const diff = await diffJobs(side(one), side(other));
    expect(diff).to.deep.include({ same: false, first: { round: 2, workers: [] } });
    const again = await trained();
    await removeGarbage(again.store, await findGarbage(again.store));
    expect(await diffJobs(side(one), side(again))).to.include({ same: true });
  });

  it("is not known where the weights are gone and the jobs are made otherwise; with the weights it is", async () => {
    const [one, other] = [await trained(), await trained({ plan: planOf({ parameters, reducers: 2 }) })];
    expect(await diffJobs(side(one), side(other))).to.include({ same: true });
    await removeGarbage(other.store, await findGarbage(other.store));
    expect(await diffJobs(side(one), side(other))).to.include({ same: false, undecided: 1 });
  });

  it("is there from the start with another seed, and tells the fields that differ", async () => {
    const plan = planOf({ parameters, seed: 8 });
    const learner = () => new ArithmeticLearner(11, 8);
    const document = documentOf({ seed: 8, workers: 5 });
    const [one, other] = [await trained(), await trained({ plan, learner, document })];
    const { same, first, fields } = await diffJobs(side(one), side(other));
    expect(same).to.equal(false);
    expect(first).to.deep.include({ round: 0, workers: [] });
    expect(first?.tensor).to.include({ name: "kernel", index: 0, differing: 9 });
    expect(fields).to.deep.equal([
      { path: "seed", values: [seed, 8] },
      { path: "workers", values: [4, 5] },
    ]);
  });

  it("says that models with other tensors cannot be compared", async () => {
    const other = planOf({ parameters: [{ name: "kernel", shape: [11], offset: 0, length: 11 }] });
    const diff = await diffJobs(side(await trained()), side(await trained({ plan: other })));
    expect(diff).to.deep.include({ same: false, otherParameters: ["kernel [3, 3]", "kernel [11]"] });
  });

  it("compares as far as both have come", async () => {
    const whole = await trained();
    const begun = new World({ plan: planOf({ parameters }) });
    await begun.submit();
    const worker = begun.worker();
    for (let i = 0; i < 4; i++) await worker.handle((await begun.queue.receive(300))!);
    const diff = await diffJobs(side(whole), side(begun));
    expect(diff).to.deep.include({ same: true, closedRounds: [4, 1] });
    expect(diff.weightsHashes[1]).to.equal(undefined);
  });
});
