import type { TaskTrace } from "../result/run-record.ts";
import { bundleBytes } from "./bundle.ts";
import type { Context } from "./context.ts";

/**
 * What the task has used until now, and what storing its output is going to add: the trace is a part of that output, so the
 * time of the storing is not in it, nor the look at the round that follows. `paused`: what the same share used before.
 */
export function traceOf(
  context: Context,
  task: "step" | "reduce",
  round: number,
  rank: number,
  loadedMs: number,
  parts: readonly Uint8Array[],
  paused?: TaskTrace,
): TaskTrace {
  const { store, learner } = context;
  const finishedAtMs = context.clock.nowMs();
  const loadMs = learner.loadMs - loadedMs;
  const { storeMs, bytesRead, bytesWritten, ...requests } = store.use;
  const before = paused?.requests ?? { put: 0, get: 0, head: 0, list: 0 };
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
    requests: {
      put: requests.put + 1 + before.put,
      get: requests.get + before.get,
      head: requests.head + before.head,
      list: requests.list + before.list,
    },
    bytesRead: bytesRead + (paused?.bytesRead ?? 0),
    bytesWritten: bytesWritten + bundleBytes(parts) + (paused?.bytesWritten ?? 0),
    ...(context.cold && { cold: true }),
    ...(context.startUpMs !== undefined && { startUpMs: context.startUpMs }),
    ...(context.memoryMib !== undefined && { memoryMib: context.memoryMib }),
    ...(paused && {
      earlier: {
        invocations: (paused.earlier?.invocations ?? 0) + 1,
        milliseconds: (paused.earlier?.milliseconds ?? 0) + paused.finishedAtMs - paused.startedAtMs,
      },
    }),
    ...(learner.stamp && { stamp: learner.stamp }),
    ...(learner.mode && { mode: learner.mode }),
    ...(learner.eagerReason && { eagerReason: learner.eagerReason }),
  };
}
