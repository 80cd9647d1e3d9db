import type { Plan } from "../job/plan.ts";
import { trains } from "../protocol/update.ts";
import type { TaskTrace } from "../result/run-record.ts";
import type { TaskTime, Usage } from "./cost-model.ts";
import { untracedTraffic } from "./forecast.ts";

/** A request's time where no task says how long its requests took. */
const unknownLatencyMs = 50;
/** Requests, one after the other, with which a task goes on after it has written down what it used (protocol/trace.ts). */
const requestsAfter = { step: 2, reduce: 6 } as const;
/** How many requests, one after the other, the look at a round takes that comes a minute after its start. */
const lookRequests = 4;

/**
 * What a round used, from what its tasks wrote down. What they did after they had written it (storing it, the look at the
 * round, closing it) is counted by the protocol's rules; a delivery before the one that succeeded as long as that one,
 * since nobody wrote it down; and shards that were reduced beside shard 0 like it.
 */
export function usageOfRound(plan: Plan, round: number, traces: readonly TaskTrace[]): Usage {
  const inline = plan.reducers === 1;
  const latencyMs = latencyOf(traces);
  const tasks: TaskTime[] = [{ count: 1, milliseconds: lookRequests * latencyMs }];
  let [writes, reads, bytesRead, bytesWritten] = [1, 3, 0, 0];
  for (const trace of traces) {
    const times = trace.task === "reduce" ? plan.reducers : 1;
    for (const task of tasksOf(trace, latencyMs, inline)) tasks.push({ ...task, count: task.count * times });
    writes += times * trace.attempt * (trace.requests.put + trace.requests.list);
    reads += times * trace.attempt * (trace.requests.get + trace.requests.head);
    bytesRead += times * trace.bytesRead;
    bytesWritten += times * trace.bytesWritten;
  }
  const rest = untracedTraffic(plan, round, trains(plan, round));
  return {
    tasks,
    writes: writes + rest.put + rest.list,
    reads: reads + rest.get + rest.head,
    bytesRead: bytesRead + rest.bytesRead,
    bytesWritten: bytesWritten + rest.bytesWritten,
    storedBytes: bytesWritten + rest.bytesWritten,
    fetchedBytes: 0,
  };
}

/** What was used for tasks that others had done already. Only the note of it was stored. */
export function usageOfRepeats(traces: readonly TaskTrace[]): Usage {
  const latencyMs = latencyOf(traces);
  const sum = (part: (trace: TaskTrace) => number) => traces.reduce((total, trace) => total + part(trace), 0);
  return {
    tasks: traces.flatMap((trace) => tasksOf(trace, latencyMs, false)),
    // The look at the round, and the note.
    writes: sum(({ requests, attempt }) => attempt * (requests.put + requests.list) + 2),
    reads: sum(({ requests, attempt }) => attempt * (requests.get + requests.head) + 1),
    bytesRead: sum((trace) => trace.bytesRead),
    bytesWritten: sum((trace) => trace.bytesWritten),
    ...{ storedBytes: 0, fetchedBytes: 0 },
  };
}

function tasksOf(trace: TaskTrace, latencyMs: number, inlineReduce: boolean): TaskTime[] {
  const { task, attempt, startUpMs = 0, earlier, startedAtMs, finishedAtMs } = trace;
  const afterMs = requestsAfter[task] * latencyMs;
  const milliseconds = Math.max(0, finishedAtMs - startedAtMs) + startUpMs + afterMs;
  if (task === "reduce" && inlineReduce) return [{ count: attempt, milliseconds, inline: true }];
  if (!earlier) return [{ count: attempt, milliseconds }];
  return [
    { count: attempt, milliseconds },
    { count: earlier.invocations, milliseconds: earlier.milliseconds / earlier.invocations },
  ];
}

/** What one request takes, as a mean over those that the tasks waited for. */
export function latencyOf(traces: readonly TaskTrace[]): number {
  const requests = traces.reduce((sum, { requests: { put, get, head, list } }) => sum + put + get + head + list, 0);
  const storeMs = traces.reduce((sum, trace) => sum + trace.storeMs, 0);
  return requests > 0 ? storeMs / requests : unknownLatencyMs;
}
