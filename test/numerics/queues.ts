import path from "node:path";
import { systemClock } from "../../worker-runtime/src/clouds/local/clock.ts";
import { LocalTaskQueue } from "../../worker-runtime/src/clouds/local/task-queue.ts";
import type { TaskQueue } from "../../worker-runtime/src/ports/task-queue.ts";
import { decodeMessage } from "../../worker-runtime/src/protocol/messages.ts";

/** One queue for each of so many machines. */
export async function openQueues(folder: string, machines: number, owner: string): Promise<LocalTaskQueue[]> {
  const folders = Array.from({ length: machines }, (_, machine) => path.join(folder, String(machine)));
  return Promise.all(folders.map((folder) => LocalTaskQueue.open(folder, owner, systemClock)));
}

/**
 * A queue that gives the steps of worker w to machine w modulo their number, so that each takes part, and all else to the
 * first. `toAll`: every machine gets every step, as when a cloud delivers twice.
 */
export function routed(queues: readonly LocalTaskQueue[], toAll: boolean): TaskQueue {
  return {
    async send(messages, options) {
      for (const message of messages) {
        const decoded = decodeMessage(message);
        const task = typeof decoded === "string" ? undefined : decoded.task;
        const own = task?.kind === "step" ? queues[task.worker % queues.length]! : queues[0]!;
        const targets = task?.kind === "step" && toAll ? queues : [own];
        for (const target of targets) await target.send([message], options);
      }
    },
  };
}
