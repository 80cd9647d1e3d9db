import { expect } from "chai";
import { describe, it } from "mocha";
import { UserError } from "../../worker-runtime/src/errors.ts";
import type { ObjectStore } from "../../worker-runtime/src/ports/object-store.ts";
import { readDecisions } from "../../worker-runtime/src/protocol/decisions.ts";
import { keys } from "../../worker-runtime/src/protocol/keys.ts";
import { planOf, World } from "../worker/protocol/world.ts";
import { cloudWorkerOn, learnerThat, messageOf, NotedDelivery, poisonous } from "./cloud-worker-on.ts";

const step = { kind: "step", round: 0, worker: 0 } as const;

async function submitted(options: ConstructorParameters<typeof World>[0] = {}): Promise<World> {
  const world = new World(options);
  await world.submit();
  const { worker } = cloudWorkerOn(world);
  await worker.handle((await world.queue.receive(300))!, Infinity);
  return world;
}

describe("the worker of a cloud function", () => {
  it("trains a job to the same hash as the protocol's own tests", async () => {
    const [world, other] = [new World(), new World()];
    await world.submit();
    const { worker, lines } = cloudWorkerOn(world);
    while (!(await world.isOver())) {
      const delivery = await world.queue.receive(300);
      if (delivery) await worker.handle(delivery, Infinity);
      else world.clock.pass(30);
    }
    await other.submit();
    await other.work(2);
    expect((await world.result())!.weightsHash).to.equal((await other.result())!.weightsHash);
    // A step of each of three workers in three rounds and one that measures; a look at the start, and one finish.
    const kinds = lines.map(({ fields }) => (fields.task as { kind: string }).kind);
    expect(kinds.filter((kind) => kind === "step")).to.have.length(12);
    expect(kinds).to.include("finish");
  });

  it("writes one line for each task, with the cold start in the first", async () => {
    const world = await submitted();
    const { worker, lines } = cloudWorkerOn(world);
    world.clock.pass(2);
    await worker.handle(new NotedDelivery(messageOf(world, step)), Infinity);
    await worker.handle(new NotedDelivery(messageOf(world, { ...step, worker: 1 })), Infinity);
    expect(lines).to.have.length(2);
    expect(lines[0]!.severity).to.equal("INFO");
    expect(lines[0]!.message).to.equal("Step of worker 0 in round 0 of job arithmetic-1: done in 0 ms");
    expect(lines[0]!.fields).to.include({
      ...{ event: "task", outcome: "done", job: "arithmetic-1", deliveries: 1, durationMs: 0, queueMs: 0 },
      platform: "aws-lambda",
    });
    expect(lines[0]!.fields.task).to.deep.equal(step);
    const { accepted, opened, handled } = lines[0]!.fields.startUpMs as Record<string, number>;
    expect([accepted, opened, handled]).to.deep.equal([accepted, opened, handled].sort((a, b) => a! - b!));
    expect(lines[1]!.fields).not.to.have.property("startUpMs");
  });

  for (const [what, body] of Object.entries(poisonous)) {
    it(`acknowledges a message: ${what}, and says so in one line`, async () => {
      const world = await submitted();
      const { worker, lines } = cloudWorkerOn(world);
      const delivery = new NotedDelivery(body);
      expect(await worker.handle(delivery, Infinity)).to.equal("poison");
      expect(delivery.state).to.equal("acknowledged");
      expect(lines).to.have.length(1);
      expect(lines[0]!.severity).to.equal("WARNING");
      expect(lines[0]!.message).to.include(JSON.stringify(body.slice(0, 100)).slice(0, -1));
      expect(lines[0]!.message).to.have.length.below(700);
      expect(await readDecisions(world.store, world.plan.job)).to.deep.equal([]);
      expect(await world.store.list("jobs/arithmetic-1/rounds/000000/updates/")).to.deep.equal([]);
    });
  }

  it("loads nothing for a message that is not ours, and TensorFlow only for what computes", async () => {
    const world = await submitted();
    const { worker, loads } = cloudWorkerOn(world);
    await worker.handle(new NotedDelivery("hello"), Infinity);
    expect(loads).to.deep.equal([]);
    await worker.handle(new NotedDelivery(messageOf(world, { kind: "advance", round: 0, look: 1 })), Infinity);
    expect(loads).to.deep.equal(["cloud"]);
    await worker.handle(new NotedDelivery(messageOf(world, step)), Infinity);
    expect(loads).to.deep.equal(["cloud", "TensorFlow"]);
  });

  it("begins to load TensorFlow before the store is asked for anything", async () => {
    const world = await submitted();
    const order: string[] = [];
    const { worker } = cloudWorkerOn(world, {
      loadTensorFlow: () => void order.push("TensorFlow"),
      async openCloud() {
        order.push("store");
        return { store: world.store, queue: world.queue };
      },
    });
    await worker.handle(new NotedDelivery(messageOf(world, step)), Infinity);
    expect(order).to.deep.equal(["TensorFlow", "store"]);
  });

  it("acknowledges only when the result is in the store", async () => {
    const world = await submitted();
    const delivery = new NotedDelivery(messageOf(world, step));
    const states: string[] = [];
    const store: ObjectStore = {
      putIfAbsent(key, body) {
        states.push(delivery.state);
        return world.store.putIfAbsent(key, body);
      },
      get: (key, range) => world.store.get(key, range),
      head: (key) => world.store.head(key),
      list: (prefix) => world.store.list(prefix),
      delete: (key) => world.store.delete(key),
    };
    const { worker } = cloudWorkerOn(world, { openCloud: async () => ({ store, queue: world.queue }) });
    await worker.handle(delivery, Infinity);
    expect(states).to.deep.equal(["held"]);
    expect(delivery.state).to.equal("acknowledged");
  });

  it("gives a message back when the cloud cannot be reached, with a line that says what to do, and opens it anew", async () => {
    const world = await submitted();
    let denied = true;
    const { worker, lines } = cloudWorkerOn(world, {
      async openCloud() {
        if (denied) throw new UserError("No credentials were found. Give the function a role.");
        return { store: world.store, queue: world.queue };
      },
    });
    const delivery = new NotedDelivery(messageOf(world, step));
    expect(await worker.handle(delivery, Infinity)).to.equal("retry");
    expect(delivery.state).to.equal("released");
    expect(lines[0]!.severity).to.equal("WARNING");
    expect(lines[0]!.message).to.include("No credentials were found. Give the function a role.");
    expect(lines[0]!.fields).not.to.have.property("stack");
    denied = false;
    expect(await worker.handle(new NotedDelivery(delivery.body, 2), Infinity)).to.equal("done");
  });

  it("gives a message back, with a stack in the log, when something unexpected is thrown", async () => {
    const world = await submitted();
    const { worker, lines } = cloudWorkerOn(world, {
      openCloud: async () => Promise.reject(new TypeError("x is not a function")),
    });
    expect(await worker.handle(new NotedDelivery(messageOf(world, step)), Infinity)).to.equal("retry");
    expect(lines[0]!.fields.stack).to.include("cloud-worker.test.ts");
  });

  it("ends the job when five functions in a row have died over a message, and says what may help", async () => {
    const world = await submitted();
    const body = messageOf(world, step);
    const dying = () => cloudWorkerOn(world, { openLearner: () => new Promise(() => {}) }).worker;
    // A function that dies neither acknowledges nor releases: the platform delivers again, to another one.
    for (let delivery = 1; delivery <= 5; delivery++) {
      void dying().handle(new NotedDelivery(body, delivery), Infinity);
      await new Promise(setImmediate);
    }
    const { worker, lines } = cloudWorkerOn(world);
    const last = new NotedDelivery(body, 6);
    expect(await worker.handle(last, Infinity)).to.equal("failed");
    expect(last.state).to.equal("acknowledged");
    const [failed] = await readDecisions(world.store, world.plan.job);
    expect(failed!.name).to.equal("failed");
    expect(failed!.reason).to.match(/Step of worker 0 in round 0 .* was begun 5 times.*more memory/);
    expect(lines[0]!.severity).to.equal("ERROR");
  });

  it("counts tries, not deliveries: a message that found no free function many times is worked on", async () => {
    const world = await submitted();
    const { worker } = cloudWorkerOn(world);
    expect(await worker.handle(new NotedDelivery(messageOf(world, step), 17), Infinity)).to.equal("done");
  });

  it("does not count the copies of a message whose task is done as functions that died", async () => {
    const world = await submitted();
    const { worker } = cloudWorkerOn(world);
    const body = messageOf(world, step);
    for (let copy = 1; copy <= 12; copy++) {
      const delivery = new NotedDelivery(body, copy);
      expect(await worker.handle(delivery, Infinity), `copy ${copy}`).to.equal("done");
      expect(delivery.state).to.equal("acknowledged");
    }
    expect(await readDecisions(world.store, world.plan.job)).to.deep.equal([]);
  });

  it("works on one message at a time", async () => {
    const world = await submitted();
    let atOnce = 0;
    let most = 0;
    const { worker } = cloudWorkerOn(world, {
      openLearner: learnerThat(async () => {
        most = Math.max(most, ++atOnce);
        await new Promise(setImmediate);
        atOnce--;
      }),
    });
    const messages = [0, 1, 2].map((rank) => new NotedDelivery(messageOf(world, { ...step, worker: rank })));
    await Promise.all(messages.map((message) => worker.handle(message, Infinity)));
    expect(most).to.equal(1);
  });

  describe("near the end of its time", () => {
    /** Ten seconds for each part of two steps; the job has four steps in a round. */
    const slow = (world: World) =>
      cloudWorkerOn(world, {
        openLearner: learnerThat(() => {
          world.clock.pass(10);
        }),
      });
    const paused = (world: World) => world.store.list(keys.parts(world.plan.job, 0, 0));

    it("pauses at a planned boundary and sends the rest of the task, when the platform's deadline is near", async () => {
      const world = await submitted({ plan: planOf({ workers: 1 }) });
      while (await world.queue.receive(300)); // Hidden now, so that what the pause sends is what is seen.
      const delivery = new NotedDelivery(messageOf(world, step));
      expect(await slow(world).worker.handle(delivery, world.clock.nowMs() + 30_000)).to.equal("done");
      expect(await paused(world)).to.have.length(1);
      const rest = await world.queue.receive(300);
      expect(JSON.parse(rest!.body).task).to.deep.equal({ ...step, fromStep: 2 });
    });

    it("does not pause when there is time", async () => {
      const world = await submitted({ plan: planOf({ workers: 1 }) });
      await slow(world).worker.handle(new NotedDelivery(messageOf(world, step)), world.clock.nowMs() + 60_000);
      expect(await paused(world)).to.deep.equal([]);
    });

    it("pauses when the platform asks the instance to end", async () => {
      const world = await submitted({ plan: planOf({ workers: 1 }) });
      const { worker } = slow(world);
      const handling = worker.handle(new NotedDelivery(messageOf(world, step)), Infinity);
      await worker.drain(8000);
      expect(await handling).to.equal("done");
      expect(await paused(world)).to.have.length(1);
    });
  });
});
