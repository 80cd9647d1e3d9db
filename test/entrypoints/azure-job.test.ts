import { expect } from "chai";
import { describe, it } from "mocha";
import { type JobOptions, runJob } from "../../worker-runtime/src/clouds/azure/entrypoint.ts";
import type { CloudWorkerParts } from "../../worker-runtime/src/clouds/cloud-worker.ts";
import { MemoryTaskQueue } from "../../worker-runtime/src/clouds/memory/task-queue.ts";
import { keys } from "../../worker-runtime/src/protocol/keys.ts";
import { planOf, World } from "../worker/protocol/world.ts";
import { cloudWorkerOn, learnerThat, messageOf } from "./cloud-worker-on.ts";

const step = { kind: "step", round: 0, worker: 0 } as const;

describe("an execution of Azure's event-driven job", () => {
  async function submitted(): Promise<World> {
    const world = new World({ plan: planOf({ workers: 1 }) });
    await world.submit();
    return world;
  }

  function executionOn(world: World, changes: Partial<CloudWorkerParts> = {}, options: Partial<JobOptions> = {}) {
    const { worker, lines } = cloudWorkerOn(world, { platform: "azure-job", ...changes });
    const deadLetters = new MemoryTaskQueue(world.clock);
    const startedAtMs = world.clock.nowMs();
    const run = () =>
      runJob({
        ...{ worker, source: world.queue, deadLetters, clock: world.clock, startedAtMs },
        log: (severity, message, fields = {}) => lines.push({ severity, message, fields }),
        configuration: {
          taskTimeoutSeconds: 540,
          executionTimeoutSeconds: 1800,
          idleSeconds: 30,
          maximumDeliveries: 20,
        },
        signal: new AbortController().signal,
        ...options,
      });
    return { run, lines, deadLetters, worker, elapsedSeconds: () => (world.clock.nowMs() - startedAtMs) / 1000 };
  }

  it("trains a job to its end, and ends when there has been nothing to do for a while", async () => {
    const [world, other] = [await submitted(), await submitted()];
    const { run, elapsedSeconds } = executionOn(world);
    await run();
    await other.work();
    expect((await world.result())!.weightsHash).to.equal((await other.result())!.weightsHash);
    expect(elapsedSeconds()).to.be.within(30, 60);
  });

  it("ends at once, after the idle time, where the queue is empty from the beginning", async () => {
    const { run, elapsedSeconds } = executionOn(new World());
    await run();
    expect(elapsedSeconds()).to.equal(30);
  });

  it("takes no message that it might not finish in the time of the execution", async () => {
    const world = await submitted();
    const started = executionOn(world, { openLearner: learnerThat(() => world.clock.pass(450)) });
    await started.run();
    // Parts of 450 s: after three of them less than the 540 s of a task are left.
    expect(started.elapsedSeconds()).to.be.within(1350, 1800);
    expect(world.queue.size).to.be.greaterThan(0);
  });

  it("keeps a message hidden for longer than its task may take", async () => {
    const world = await submitted();
    const timeouts: number[] = [];
    const source = {
      receive: (seconds: number) => {
        timeouts.push(seconds);
        return world.queue.receive(seconds);
      },
    };
    await executionOn(world, {}, { source }).run();
    expect(Math.min(...timeouts)).to.be.greaterThan(540);
  });

  it("pauses its task when it is asked to end, and takes no other", async () => {
    const world = await submitted();
    const ending = new AbortController();
    const openLearner = learnerThat(() => {
      world.clock.pass(15);
      ending.abort();
    });
    await executionOn(world, { openLearner }, { signal: ending.signal }).run();
    expect(await world.store.list(keys.parts(world.plan.job, 0, 0))).to.have.length(1);
    expect(await world.store.head(keys.update(world.plan.job, 0, 0))).to.equal(undefined);
    // The rest of the task and the round's later look.
    expect(world.queue.size).to.equal(2);
  });

  it("puts a message aside that was delivered too often, and says so", async () => {
    const world = new World();
    const body = messageOf(world, step);
    await world.queue.send([body]);
    const denied = { openCloud: async () => Promise.reject(new Error("no network")) };
    const { run, lines, deadLetters } = executionOn(world, denied, {
      configuration: {
        taskTimeoutSeconds: 540,
        executionTimeoutSeconds: 86_400,
        idleSeconds: 700,
        maximumDeliveries: 7,
      },
    });
    await run();
    expect(lines.filter(({ fields }) => fields.outcome === "retry")).to.have.length(7);
    expect(lines.at(-1)).to.include({ severity: "ERROR" });
    expect(lines.at(-1)!.fields.event).to.equal("dead-letter");
    expect(world.queue.size).to.equal(0);
    expect((await deadLetters.receive(60))!.body).to.equal(body);
  });
});
