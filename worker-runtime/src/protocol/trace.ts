import type { TaskTrace } from "../result/run-record.ts";
import { bundleBytes } from "./bundle.ts";
import type { Context } from "./context.ts";

/**
 * What the task has used until now, and what storing its output is going to add: the trace is a part of that output, so the
 * time of the storing is not in it, nor the look at the round that follows.
 */
export function traceOf(
  context: Context,
  task: "step" | "reduce",
  round: number,
  rank: number,
  loadedMs: number,
  parts: readonly Uint8Array[],
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
    requests: { ...requests, put: requests.put + 1 },
    bytesRead,
    bytesWritten: bytesWritten + bundleBytes(parts),
    ...(learner.stamp && { stamp: learner.stamp }),
    ...(learner.mode && { mode: learner.mode }),
    ...(learner.eagerReason && { eagerReason: learner.eagerReason }),
  };
}
