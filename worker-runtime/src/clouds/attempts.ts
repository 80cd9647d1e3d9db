import { sha256 } from "../hash.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { keyPrefixes } from "../protocol/keys.ts";

/**
 * Which try of a message this is: 1 for the first. What platforms count are deliveries, and those are too many where a
 * delivery found no free instance (Pub/Sub counts such a push as failed, Lambda's throttled receives count too), so from
 * a message's second delivery on every start leaves a mark in the store, before the work. A worker that dies leaves its
 * mark behind, which is how one that dies each time is found.
 */
export async function countAttempt(store: ObjectStore, job: string, body: string, deliveries: number): Promise<number> {
  if (deliveries <= 1) return 1;
  const prefix = marksOf(job, body);
  const earlier = await store.list(prefix);
  if (earlier.some(({ key }) => key === prefix + doneMark)) return 2;
  for (let attempt = earlier.length + 2; ; attempt++) {
    const mark = await store.putIfAbsent(`${prefix}${String(attempt).padStart(4, "0")}`, new Uint8Array(0));
    if (mark === "created") return attempt;
  }
}

/** Notes that a message's task has been done, so that further copies of the message do not count as its failures. */
export async function noteDone(store: ObjectStore, job: string, body: string): Promise<void> {
  await store.putIfAbsent(marksOf(job, body) + doneMark, new Uint8Array(0));
}

const doneMark = "done";

/** A message holds the time of its sending, so a task that is sent again starts anew. */
function marksOf(job: string, body: string): string {
  return `${keyPrefixes.jobs}${job}/attempts/${sha256(body).slice(0, 32)}/`;
}
