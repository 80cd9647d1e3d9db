import { concurrently } from "../data/concurrently.ts";
import { UserError } from "../errors.ts";
import { pause, trying } from "./retry.ts";

const concurrentBatches = 8;

/**
 * Sends messages in batches, again what a batch left unsent, and resolves when all are stored. `sendBatch` gives the
 * messages that the queue did not take. A message that was taken though its reply was lost comes twice, as any may.
 */
export async function sendAll(
  messages: readonly string[],
  batchSize: number,
  sendBatch: (batch: readonly string[]) => Promise<readonly string[]>,
): Promise<void> {
  const batches = Array.from({ length: Math.ceil(messages.length / batchSize) }, (_, i) =>
    messages.slice(i * batchSize, (i + 1) * batchSize),
  );
  await concurrently(batches, concurrentBatches, async (batch) => {
    let unsent: readonly string[] = batch;
    for (let attempt = 1; ; attempt++) {
      unsent = await sendBatch(unsent);
      if (unsent.length === 0) return;
      if (attempt === trying.attempts)
        throw new UserError(`The queue refused ${unsent.length} of ${batch.length} messages ${attempt} times.`, 3);
      await pause(attempt);
    }
  });
}
