import { UserError } from "../errors.ts";
import type { JobDocument } from "../job/document.ts";
import type { Plan } from "../job/plan.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { TaskQueue } from "../ports/task-queue.ts";
import { keys } from "./keys.ts";
import { findHead } from "./manifest.ts";
import { encodeMessage } from "./messages.ts";
import { seal, unseal } from "./sealed.ts";

/**
 * Stores a job and starts it. Its budget is none of its document: it may change while the job is under way (`setBudget`). Submitting the same job again is harmless: it goes on from what is stored.
 * Returns the first round that is not closed: 0 for a new job.
 */
export async function submit(
  store: ObjectStore,
  queue: TaskQueue,
  sentAtMs: number,
  document: JobDocument,
  plan: Plan,
): Promise<number> {
  const { job } = plan;
  const { budget: _, ...meaning } = document;
  await putSame(store, keys.spec(job), seal(meaning));
  await putSame(store, keys.plan(job), seal(plan));
  const round = Math.min(await findHead(store, job), plan.rounds);
  await queue.send([encodeMessage({ trivet: 1, job, sentAtMs, task: { kind: "advance", round, look: 0 } })]);
  return round;
}

async function putSame(store: ObjectStore, key: string, text: string): Promise<void> {
  if ((await store.putIfAbsent(key, Buffer.from(text))) === "created") return;
  const stored = (await store.get(key)) ?? new Uint8Array(0);
  if (Buffer.from(stored).toString() === text) return;
  unseal(key, stored);
  throw new UserError(
    `${key} is already there and says something else: another version of Trivet wrote it. Use --again.`,
  );
}
