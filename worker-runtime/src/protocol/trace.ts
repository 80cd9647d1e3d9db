import type { TaskTrace } from "../result/run-record.ts";
import type { Context } from "./context.ts";

/** What the task has used until now. Written just before its output is stored, so the storing itself is not in it. */
export function traceOf(
  context: Context,
  task: "step" | "reduce",
  round: number,
  rank: number,
  loadedMs: number,
): TaskTrace {
  const { store, learner } = context;
  const finishedAtMs = context.clock.nowMs();
  const loadMs = learner.loadMs - loadedMs;
  const { storeMs, bytesRead, bytesWritten, ...requests } = store.use;
  return {
    task,
    round,
    rank,
    place: context.place,
    attempt: context.attempt,
    startedAtMs: context.startedAtMs,
    finishedAtMs,
    computeMs: Math.max(0, finishedAtMs - context.startedAtMs - storeMs - loadMs),
    storeMs,
    queueMs: context.queueMs,
    loadMs,
    peakMemoryBytes: context.peakMemoryBytes(),
    requests,
    bytesRead,
    bytesWritten,
    ...(learner.stamp && { stamp: learner.stamp }),
    ...(learner.mode && { mode: learner.mode }),
  };
}
