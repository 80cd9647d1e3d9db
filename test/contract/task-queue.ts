import { expect } from "chai";
import { it } from "mocha";
import type { Delivery, TaskQueue, TaskSource } from "../../worker-runtime/src/ports/task-queue.ts";

export interface QueueUnderTest {
  readonly queue: TaskQueue & TaskSource;
  /** The same queue seen by another process. */
  readonly other: TaskQueue & TaskSource;
  /** Lets time pass for the queue: a jump of a clock, or real waiting. */
  wait(seconds: number): Promise<void>;
}

/** What every queue must keep. `visibility`: the shortest visibility timeout that the queue knows, in seconds. */
export function taskQueueContract(open: () => Promise<QueueUnderTest>, visibilitySeconds = 2): void {
  const drain = async (queue: TaskSource) => {
    const got: Delivery[] = [];
    for (let next = await queue.receive(60); next; next = await queue.receive(60)) got.push(next);
    return got;
  };

  it("delivers every message, each to one receiver", async () => {
    const { queue, other } = await open();
    const sent = Array.from({ length: 25 }, (_, i) => JSON.stringify({ i }));
    await queue.send(sent);
    const got: Delivery[] = [];
    for (;;) {
      const both = await Promise.all([queue.receive(60), other.receive(60)]);
      const some = both.filter((delivery) => delivery !== undefined);
      if (some.length === 0) break;
      got.push(...some);
    }
    expect(got.map(({ body }) => body).toSorted()).to.deep.equal(sent.toSorted());
    expect(got.every(({ attempt }) => attempt === 1)).to.equal(true);
  });

  it("delivers again what was not acknowledged in time, and counts the attempts", async () => {
    const { queue, other, wait } = await open();
    await queue.send(["again"]);
    expect((await queue.receive(visibilitySeconds))?.attempt).to.equal(1);
    expect(await other.receive(visibilitySeconds)).to.equal(undefined);
    await wait(visibilitySeconds + 0.1);
    const second = await other.receive(visibilitySeconds);
    expect(second?.body).to.equal("again");
    expect(second?.attempt).to.equal(2);
  });

  it("never delivers again what was acknowledged", async () => {
    const { queue, other, wait } = await open();
    await queue.send(["once"]);
    await (await queue.receive(visibilitySeconds))!.acknowledge();
    await wait(visibilitySeconds + 0.1);
    expect(await other.receive(visibilitySeconds)).to.equal(undefined);
  });

  it("delivers at once what was released, or after the delay", async () => {
    const { queue, other, wait } = await open();
    await queue.send(["back"]);
    await (await queue.receive(60))!.release(0);
    const again = await other.receive(60);
    expect(again?.attempt).to.equal(2);
    await again!.release(visibilitySeconds);
    expect(await queue.receive(60)).to.equal(undefined);
    await wait(visibilitySeconds + 0.1);
    expect((await queue.receive(60))?.attempt).to.equal(3);
  });

  it("hides a delayed message until its time", async () => {
    const { queue, other, wait } = await open();
    await queue.send(["later"], { delaySeconds: visibilitySeconds });
    await queue.send(["now"]);
    expect((await drain(other)).map(({ body }) => body)).to.deep.equal(["now"]);
    await wait(visibilitySeconds + 0.1);
    expect((await drain(other)).map(({ body }) => body)).to.deep.equal(["later"]);
  });

  it("takes a late acknowledgement without harm to the one who has the message now", async () => {
    const { queue, other, wait } = await open();
    await queue.send(["slow"]);
    const slow = (await queue.receive(visibilitySeconds))!;
    await wait(visibilitySeconds + 0.1);
    const mine = (await other.receive(60))!;
    await slow.acknowledge();
    await mine.acknowledge();
    await wait(visibilitySeconds + 0.1);
    expect(await queue.receive(60)).to.equal(undefined);
  });

  it("carries 32 KiB of any text, and refuses more", async () => {
    const { queue, other } = await open();
    const longest = 'ä€😀\n"'.repeat(3000).slice(0, 8000) + "x".repeat(1000);
    const room = 32 * 1024 - Buffer.byteLength(longest);
    await queue.send([longest + "y".repeat(room)]);
    expect((await other.receive(60))?.body).to.equal(longest + "y".repeat(room));
    const error = await queue.send([`${"z".repeat(32 * 1024)}!`]).then(
      () => undefined,
      (error: Error) => error,
    );
    expect(error).to.be.instanceOf(RangeError);
  });
}
