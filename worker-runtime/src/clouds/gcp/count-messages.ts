import type { Delivery } from "../../ports/task-queue.ts";
import { otherVariables } from "../configuration.ts";
import { openTaskSource } from "./task-queue.ts";

/** Counting goes no further. */
const most = 20;

/**
 * How many messages a subscription holds, at most 20, by its full name. Pub/Sub itself tells no number (Cloud Monitoring
 * does, minutes later), so they are taken out and given back.
 */
export async function countMessages(subscription: string): Promise<number> {
  const endpoint = process.env[otherVariables.pubSubEndpoint];
  const source = openTaskSource(subscription, endpoint === undefined ? {} : { endpoint });
  const taken: Delivery[] = [];
  try {
    while (taken.length < most) {
      const delivery = await source.receive(60);
      if (!delivery) break;
      taken.push(delivery);
    }
    return taken.length;
  } finally {
    await Promise.all(taken.map((delivery) => delivery.release(0)));
  }
}
