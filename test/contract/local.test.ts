import { join } from "node:path";
import { afterEach, describe } from "mocha";
import { LocalObjectStore } from "../../worker-runtime/src/clouds/local/object-store.ts";
import { LocalTaskQueue } from "../../worker-runtime/src/clouds/local/task-queue.ts";
import type { Clock } from "../../worker-runtime/src/ports/clock.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { objectStoreContract } from "./object-store.ts";
import { taskQueueContract } from "./task-queue.ts";

describe("local files", () => {
  const folder = temporaryFolder();
  const open: LocalTaskQueue[] = [];
  afterEach(() => open.splice(0).forEach((queue) => queue.close()));

  describe("object store", () =>
    objectStoreContract(async () => {
      const path = join(folder(), "store");
      return { store: await LocalObjectStore.open(path), other: await LocalObjectStore.open(path) };
    }));

  describe("task queue", () =>
    taskQueueContract(async () => {
      let nowMs = 1e12;
      const clock: Clock = { nowMs: () => nowMs, sleep: async () => {} };
      const path = join(folder(), "queue");
      const queue = await LocalTaskQueue.open(path, "one", clock);
      const other = await LocalTaskQueue.open(path, "two", clock);
      open.push(queue, other);
      return { queue, other, wait: async (seconds) => void (nowMs += seconds * 1000) };
    }));
});
