import type { Clock } from "../../ports/clock.ts";
import type { Delivery, TaskQueue, TaskSource } from "../../ports/task-queue.ts";
import { CloudWorker } from "../cloud-worker.ts";
import type { Configuration } from "../configuration.ts";
import type { Log } from "../log.ts";
import type { CommonParts } from "../main.ts";
import { openCloud } from "./open-cloud.ts";

/** Starts the worker as one execution of an event-driven Container Apps job. */
export async function start(configuration: Configuration, parts: CommonParts): Promise<void> {
  const { openTaskQueue } = await import("./task-queue.ts");
  const worker = new CloudWorker({ ...parts, openCloud: () => openCloud(configuration) });
  const ending = new AbortController();
  process.once("SIGTERM", () => ending.abort());
  await runJob({
    ...{ worker, configuration, clock: parts.clock, log: parts.log },
    source: openTaskQueue(configuration.queue),
    deadLetters: openTaskQueue(configuration.deadLetterQueue!),
    startedAtMs: performance.timeOrigin,
    signal: ending.signal,
  });
}

export interface JobOptions {
  readonly worker: CloudWorker;
  readonly source: TaskSource;
  readonly deadLetters: TaskQueue;
  readonly configuration: Pick<
    Configuration,
    "taskTimeoutSeconds" | "executionTimeoutSeconds" | "idleSeconds" | "maximumDeliveries"
  >;
  readonly clock: Clock;
  readonly log: Log;
  /** When the execution was started, in milliseconds since 1970. */
  readonly startedAtMs: number;
  /** Aborted when the platform wants the execution to end; the task under way is then asked to pause. */
  readonly signal: AbortSignal;
}

const pollMs = 1000;
/** A task that uses its whole time is still acknowledged before anybody else sees the message. */
const marginSeconds = 60;
/** Container Apps sends SIGTERM 30 s before SIGKILL, unless the job says otherwise. */
const graceMs = 25_000;

/**
 * One execution of the job: takes messages out of the queue until there are
 * none for a while, or until what is left of the execution's time is less than a task may take. A new execution would
 * have to be noticed, scheduled and loaded first; this one is warm.
 */
export async function runJob(options: JobOptions): Promise<void> {
  const { worker, source, configuration, clock, startedAtMs, signal } = options;
  const { taskTimeoutSeconds, executionTimeoutSeconds, idleSeconds, maximumDeliveries } = configuration;
  const endsAtMs = startedAtMs + executionTimeoutSeconds * 1000;
  signal.addEventListener("abort", () => void worker.drain(graceMs));
  let idleSinceMs = clock.nowMs();
  while (!signal.aborted && clock.nowMs() + taskTimeoutSeconds * 1000 <= endsAtMs) {
    const delivery = await source.receive(taskTimeoutSeconds + marginSeconds);
    if (!delivery) {
      if (clock.nowMs() - idleSinceMs >= idleSeconds * 1000) return;
      await clock.sleep(pollMs);
      continue;
    }
    if (delivery.attempt > maximumDeliveries) await putAside(options, delivery);
    else await worker.handle(delivery, clock.nowMs() + taskTimeoutSeconds * 1000);
    idleSinceMs = clock.nowMs();
  }
}

/** Storage queues have no dead letters of their own. Sent before it is acknowledged: twice is better than never. */
async function putAside({ deadLetters, log }: JobOptions, delivery: Delivery): Promise<void> {
  await deadLetters.send([delivery.body]);
  await delivery.acknowledge();
  const message = `A message was delivered ${delivery.attempt} times and is now in the dead-letter queue: ${delivery.body.slice(0, 200)}`;
  log("ERROR", message, { event: "dead-letter", deliveries: delivery.attempt });
}
