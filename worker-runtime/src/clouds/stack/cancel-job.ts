import { UserError } from "../../errors.ts";
import type { Clock } from "../../ports/clock.ts";
import { decide, readDecisions } from "../../protocol/decisions.ts";
import { findHead } from "../../protocol/manifest.ts";
import { encodeMessage } from "../../protocol/messages.ts";
import { readJob } from "../../protocol/run-record.ts";
import { readOutcome } from "../read-outcome.ts";
import type { Stack } from "./open-stack.ts";

/**
 * Decides that a job ends, and sends a task that acts on it at once: the last complete round becomes the result. Tasks
 * under way still come to their end, and change nothing. Gives the decision that holds: the first one, if it was cancelled
 * before. Throws `UserError` for a job that has ended.
 */
export async function cancelJob(
  { store, queue }: Pick<Stack, "store" | "queue">,
  job: string,
  reason: string,
  clock: Clock,
): Promise<{ readonly reason: string; readonly wasCancelled: boolean }> {
  const stored = await readJob(store, job);
  if (!stored) throw new UserError(`There is no job ${job} in this store.`);
  const { state } = await readOutcome(store, job);
  if (state !== "interrupted" && state !== "cancelled")
    throw new UserError(`${job} has ended already (${state}); there is nothing to cancel.`);
  const before = (await readDecisions(store, job)).find(({ name }) => name === "cancel");
  await decide(store, job, "cancel", { reason });
  const round = Math.min(await findHead(store, job), stored.plan.rounds);
  const message = { trivet: 1, job, sentAtMs: clock.nowMs(), task: { kind: "advance", round, look: 0 } } as const;
  if (state !== "cancelled") await queue.send([encodeMessage(message)]);
  return { reason: before?.reason ?? reason, wasCancelled: before !== undefined };
}
