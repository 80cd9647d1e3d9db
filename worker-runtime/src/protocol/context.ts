import type { JobDocument } from "../job/document.ts";
import type { Plan } from "../job/plan.ts";
import type { Clock } from "../ports/clock.ts";
import type { TaskQueue } from "../ports/task-queue.ts";
import type { Learner } from "./learner.ts";
import { encodeMessage, type Task } from "./messages.ts";
import type { MeteredStore } from "./metered-store.ts";
import type { ModelCache } from "./model-shards.ts";

/** Everything that a task may touch. Nothing in this folder reads the time, the environment or a cloud by itself. */
export interface Context {
  readonly store: MeteredStore;
  readonly queue: TaskQueue;
  readonly clock: Clock;
  readonly job: string;
  readonly document: JobDocument;
  readonly plan: Plan;
  readonly learner: Learner;
  readonly models: ModelCache;
  /** Names this process or function instance, for traces. */
  readonly place: string;
  /** 1 when the message was delivered for the first time. */
  readonly attempt: number;
  readonly startedAtMs: number;
  /** Whether this is the first task of its process that computes. */
  readonly cold: boolean;
  /** Of the first task of all in a cloud's process: how long that had been there. */
  readonly startUpMs?: number;
  /** Of the function, where the platform tells it. */
  readonly memoryMib?: number;
  readonly queueMs: number;
  readonly peakMemoryBytes: () => number;
  /** Milliseconds until the platform ends this invocation; Infinity on this machine. */
  readonly remainingMs: () => number;
}

/** Sends tasks of this job. */
export async function send(context: Context, tasks: readonly Task[], delaySeconds = 0): Promise<void> {
  const sentAtMs = context.clock.nowMs() + delaySeconds * 1000;
  const messages = tasks.map((task) => encodeMessage({ trivet: 1, job: context.job, sentAtMs, task }));
  if (messages.length > 0) await context.queue.send(messages, { delaySeconds });
}

/**
 * Sends what follows from something that others may see too, unless one of them has sent it. The hint is stored after the
 * sending, so that nobody who dies in between takes it along; those who come at the same time both send, which is harmless.
 */
export async function once({ store }: Context, hint: string, sendIt: () => Promise<void>): Promise<void> {
  if (await store.head(hint)) return;
  await sendIt();
  await store.putIfAbsent(hint, new Uint8Array(0));
}
