import { QueueClient } from "@azure/storage-queue";
import { clientSettings, credentialFor } from "./client-settings.ts";
import { explaining } from "./errors.ts";

/** About how many messages a queue holds, by its address. */
export async function countMessages(address: string): Promise<number> {
  const queue = new QueueClient(address, credentialFor(address, {}), clientSettings);
  const { approximateMessagesCount } = await explaining(`the queue ${address}`, () => queue.getProperties());
  return approximateMessagesCount ?? 0;
}
