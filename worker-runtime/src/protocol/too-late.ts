import type { Context } from "./context.ts";
import { keys } from "./keys.ts";

/**
 * Whether a task comes too late to be of use, though its own output is not there: its round is complete (and lifecycle has
 * removed what lies behind), or the job is over. Queues deliver messages weeks late; then what they ask for can no longer be made.
 */
export async function isTooLate({ store, job }: Context, round: number): Promise<boolean> {
  const ends = [keys.manifest(job, round), keys.result(job, "manifest.json")];
  return (await Promise.all(ends.map((key) => store.head(key)))).some((found) => found !== undefined);
}
