import { randomUUID } from "node:crypto";
import type { Clock } from "../ports/clock.ts";
import type { Delivery, TaskQueue, TaskSource } from "../ports/task-queue.ts";
import { type Finding, findings } from "./findings.ts";

/** More than any queue takes in one request. */
const batch = 12;
const delaySeconds = 2;
const patienceMs = 20_000;
const pollMs = 100;

/**
 * The short form of the contract of queues (test/contract/task-queue.ts), for a queue that nobody else receives from: whether
 * it keeps what the liveness of a job rests on. Leaves it empty.
 */
export async function checkQueue(queue: TaskQueue & TaskSource, clock: Clock): Promise<Finding[]> {
  const messages = (count: number) => Array.from({ length: count }, () => JSON.stringify({ check: randomUUID() }));
  const receive = async (): Promise<Delivery | undefined> => {
    for (const untilMs = clock.nowMs() + patienceMs; clock.nowMs() < untilMs; await clock.sleep(pollMs)) {
      const delivery = await queue.receive(60);
      if (delivery) return delivery;
    }
    return undefined;
  };
  return findings({
    "every message of a batch": async () => {
      const missing = new Set(messages(batch));
      await queue.send([...missing]);
      while (missing.size > 0) {
        const delivery = await receive();
        if (!delivery) return `${missing.size} of ${batch} messages never came`;
        missing.delete(delivery.body);
        await delivery.acknowledge();
      }
    },
    redelivery: async () => {
      await queue.send(messages(1));
      const first = await receive();
      await first?.release(0);
      const second = await receive();
      if (!second) return "a message that was given back never came again";
      await second.acknowledge();
      if (second.attempt <= first!.attempt) return `its second delivery was counted as number ${second.attempt}`;
    },
    delay: async () => {
      await queue.send(messages(1), { delaySeconds });
      const early = await queue.receive(60);
      const delivery = early ?? (await receive());
      await delivery?.acknowledge();
      if (early) return `a message to come after ${delaySeconds} s came at once`;
      if (!delivery) return "a delayed message never came";
    },
    acknowledgement: async () => {
      const left = await queue.receive(60);
      if (left) return "a message that was acknowledged came again";
    },
  });
}
