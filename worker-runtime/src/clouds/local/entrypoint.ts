import { flushCompileCache } from "node:module";
import { setImmediate } from "node:timers/promises";
import type { UserError } from "../../errors.ts";
import type { JobDocument } from "../../job/document.ts";
import type { TaskSource } from "../../ports/task-queue.ts";
import { Worker } from "../../protocol/worker.ts";
import { loadBackend } from "../../training/backend.ts";
import { openLearner } from "../../training/learner.ts";
import { Chaos, type Fault } from "./chaos.ts";
import { systemClock } from "./clock.ts";
import { LocalObjectStore } from "./object-store.ts";
import { LocalTaskQueue } from "./task-queue.ts";

/**
 * A worker process on this machine: what a function instance is in a cloud. It takes tasks from the queue that its last
 * order names until its coordinator is gone, and may be killed at any moment.
 */
export interface WorkerOrder {
  readonly place: string;
  readonly storeFolder: string;
  readonly queueFolder: string;
  /** How often this place was started before. */
  readonly life: number;
  /** Faults on purpose, drawn from this seed. */
  readonly chaosSeed?: number;
}

/** What a worker process tells its coordinator. */
export type WorkerNews =
  | { readonly type: "notice"; readonly text: string }
  | { readonly type: "fault"; readonly fault: Fault }
  | { readonly type: "handled"; readonly outcome: "done" | "poison" | "failed" }
  | { readonly type: "retry"; readonly reason: string; readonly exitCode: number | undefined; readonly stack?: string };

/** No process holds a message longer than this; when one dies, its coordinator gives the message back at once. */
const visibilityTimeoutSeconds = 900;

const tell = (news: WorkerNews) => process.send?.(news);
/** Each is told once, however many jobs come. */
const notices = new Set<string>();

/** The order that came last, until it is begun. */
let next: WorkerOrder | undefined;
let messages: LocalTaskQueue | undefined;

async function run(): Promise<void> {
  let worker: Worker | undefined;
  let queue: TaskSource | undefined;
  for (;;) {
    // Files are read and written at once, so that nothing else gives way to the news that the coordinator is gone.
    await setImmediate();
    if (next) {
      const order = next;
      next = undefined;
      ({ worker, queue, messages } = await begin(order));
    }
    const delivery = await queue!.receive(visibilityTimeoutSeconds);
    if (!delivery) {
      await messages!.waitForChange(200);
      continue;
    }
    const handled = await worker!.handle(delivery);
    if (handled.outcome === "retry") {
      const { exitCode, stack } = handled.error as { exitCode?: number; stack?: string };
      tell({ type: "retry", reason: handled.reason, exitCode, ...(stack && { stack }) });
    } else tell({ type: "handled", outcome: handled.outcome });
  }
}

async function begin({ place, storeFolder, queueFolder, life, chaosSeed }: WorkerOrder) {
  const files = await LocalObjectStore.open(storeFolder);
  const messages = await LocalTaskQueue.open(queueFolder, place, systemClock);
  const chaos =
    chaosSeed === undefined ? undefined : new Chaos(chaosSeed, place, life, (fault) => tell({ type: "fault", fault }));
  const store = chaos?.store(files) ?? files;
  const queue = chaos?.queue(messages) ?? messages;
  const worker = new Worker({
    ...{ store, queue, place, clock: systemClock },
    openLearner: (from, document: JobDocument, plan) =>
      openLearner(from, document, plan, {
        nowMs: systemClock.nowMs,
        onNotice: (text) => {
          if (!notices.has(text)) tell({ type: "notice", text });
          notices.add(text);
        },
      }),
    peakMemoryBytes: () => process.resourceUsage().maxRSS * 1024,
    remainingMs: () => Infinity,
  });
  return { worker, queue, messages };
}

// Ctrl-C reaches every process of a terminal; the coordinator alone decides what it means.
process.on("SIGINT", () => {});
process.on("disconnect", () => process.exit(0));
process.on("message", (order: WorkerOrder) => {
  const isFirst = next === undefined && messages === undefined;
  next = order;
  // Whoever waits for a message of the earlier order wakes up. A task under way comes to its end, and sends what follows
  // to its own queue.
  messages?.close();
  if (!isFirst) return;
  run().catch((error: UserError) => {
    console.error(error.stack);
    const news: WorkerNews = { type: "retry", reason: error.message, exitCode: error.exitCode };
    process.send?.(news, () => process.exit(1));
  });
});
// Loading takes a third of a second, which the coordinator needs to read the data anyway.
// Node writes compiled code down when a process ends, which is never the way that a worker ends.
loadBackend().then(
  () => flushCompileCache(),
  () => {},
);
