import { type Context, send } from "./context.ts";
import type { Task } from "./messages.ts";

/** How long a round is left alone before somebody looks whether a part of it is missing. */
const watchSeconds = 60;
/** The longest delay that every cloud's queue can give a message (SQS: 15 minutes; clouds.md section 5). */
const longestWatchSeconds = 900;

/** Sends a round's tasks, and one more that comes late: to look after stragglers and lost messages. */
export async function sendRound(context: Context, round: number): Promise<void> {
  const steps: Task[] = Array.from({ length: context.plan.workers }, (_, worker) => ({ kind: "step", round, worker }));
  await send(context, steps);
  await sendLook(context, round, 1);
}

/** Sends the next look at a round. Each comes after twice the time of the last, so that a slow round is not flooded. */
export async function sendLook(context: Context, round: number, look: number): Promise<void> {
  const delaySeconds = Math.min(watchSeconds * 2 ** (look - 1), longestWatchSeconds);
  await send(context, [{ kind: "advance", round, look }], delaySeconds);
}
