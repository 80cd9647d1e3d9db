import { expect } from "chai";
import { it } from "mocha";
import { checkQueue } from "../../worker-runtime/src/clouds/check-queue.ts";
import type { Clock } from "../../worker-runtime/src/ports/clock.ts";
import type { Delivery, TaskQueue, TaskSource } from "../../worker-runtime/src/ports/task-queue.ts";
import { record } from "./table.ts";

export interface QueueUnderTest {
  readonly queue: TaskQueue & TaskSource;
  /** The same queue seen by another process. */
  readonly other: TaskQueue & TaskSource;
  /** The queue's: one that jumps, or real time. */
  readonly clock: Clock;
}

/** In whole seconds, as SQS and Storage Queue count; longer than a busy machine takes for two requests. */
const visibilitySeconds = 2;
/** Longer than any case takes. */
const long = 300;

/** What every queue must keep, whoever made it. `open` gives an empty queue for each case. */
export function taskQueueContract(backend: string, open: () => Promise<QueueUnderTest>): void {
  record("Task queues", backend);

  it("delivers every message, each to one receiver", async () => {
    const { queue, other } = await open();
    const sent = Array.from({ length: 25 }, (_, i) => JSON.stringify({ i }));
    await queue.send(sent);
    const got = await Promise.all([drain(queue), drain(other)]);
    const bodies = got.flat().map(({ body }) => body);
    expect(bodies.toSorted()).to.deep.equal(sent.toSorted());
    expect(got.flat().every(({ attempt }) => attempt === 1)).to.equal(true);
  });

  it("delivers again what was not acknowledged in time", async () => {
    const { queue, other, clock } = await open();
    await queue.send(["again"]);
    expect((await queue.receive(visibilitySeconds))?.attempt).to.equal(1);
    expect(await other.receive(visibilitySeconds)).to.equal(undefined);
    const second = await soon(other, clock);
    expect(second.body).to.equal("again");
    expect(second.attempt).to.equal(2);
  });

  it("never delivers again what was acknowledged", async () => {
    const { queue, other, clock } = await open();
    await queue.send(["done", "not done"]);
    for (let i = 0; i < 2; i++) {
      const delivery = (await queue.receive(visibilitySeconds))!;
      if (delivery.body === "done") await delivery.acknowledge();
    }
    expect((await soon(other, clock)).body).to.equal("not done");
    await clock.sleep(visibilitySeconds * 1000);
    expect(await other.receive(long)).to.equal(undefined);
  });

  it("delivers at once what was released, or after the delay", async () => {
    const { queue, other, clock } = await open();
    await queue.send(["back"]);
    await (await queue.receive(long))!.release(0);
    const again = await soon(other, clock);
    expect(again.attempt).to.equal(2);
    await again.release(visibilitySeconds);
    expect(await queue.receive(long)).to.equal(undefined);
    expect((await soon(queue, clock)).attempt).to.equal(3);
  });

  it("counts deliveries, so that a message which always fails can be told", async () => {
    const { queue, other, clock } = await open();
    await queue.send(["poison"]);
    for (let attempt = 1; attempt <= 5; attempt++) {
      const delivery = await soon(attempt % 2 ? queue : other, clock);
      expect(delivery.attempt).to.equal(attempt);
      await delivery.release(0);
    }
  });

  it("hides a delayed message until its time", async () => {
    const { queue, other, clock } = await open();
    await queue.send(["later", "later too"], { delaySeconds: visibilitySeconds });
    await queue.send(["now"]);
    expect((await drain(other)).map(({ body }) => body)).to.deep.equal(["now"]);
    const late = [await soon(other, clock), await soon(queue, clock)];
    expect(late.map(({ body }) => body).toSorted()).to.deep.equal(["later", "later too"]);
  });

  it("takes a late acknowledgement without harm to the one who has the message now", async () => {
    const { queue, other, clock } = await open();
    await queue.send(["slow"]);
    const slow = (await queue.receive(visibilitySeconds))!;
    const mine = await soon(other, clock);
    await slow.acknowledge();
    await mine.acknowledge();
    await mine.acknowledge();
    await clock.sleep(visibilitySeconds * 1000);
    expect(await queue.receive(long)).to.equal(undefined);
  });

  it("carries 32 KiB of any text, and refuses more", async () => {
    const { queue, other } = await open();
    const longest = 'ä€😀\n"'.repeat(3000).slice(0, 8000) + "x".repeat(1000);
    const room = 32 * 1024 - Buffer.byteLength(longest);
    await queue.send([longest + "y".repeat(room)]);
    expect((await other.receive(long))?.body).to.equal(longest + "y".repeat(room));
    const error = await queue.send([`${"z".repeat(32 * 1024)}!`]).then(
      () => undefined,
      (error: Error) => error,
    );
    expect(error).to.be.instanceOf(RangeError);
  });

  it("sends nothing when there is nothing to send", async () => {
    const { queue } = await open();
    await queue.send([]);
    expect(await queue.receive(long)).to.equal(undefined);
  });

  it("passes the short contract", async () => {
    const { queue, clock } = await open();
    expect((await checkQueue(queue, clock)).filter(({ problem }) => problem)).to.deep.equal([]);
  });
}

async function drain(source: TaskSource): Promise<Delivery[]> {
  const got: Delivery[] = [];
  for (let next = await source.receive(long); next; next = await source.receive(long)) got.push(next);
  return got;
}

/** The next message, which must come within a minute. */
async function soon(source: TaskSource, clock: Clock): Promise<Delivery> {
  for (let tries = 0; tries < 600; tries++) {
    const delivery = await source.receive(long);
    if (delivery) return delivery;
    await clock.sleep(100);
  }
  throw new Error("no message came within a minute");
}
