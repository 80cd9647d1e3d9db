import { join } from "node:path";
import { afterEach, describe } from "mocha";
import { LocalObjectStore } from "../../worker-runtime/src/clouds/local/object-store.ts";
import { LocalTaskQueue } from "../../worker-runtime/src/clouds/local/task-queue.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { objectStoreContract } from "./object-store.ts";
import { taskQueueContract } from "./task-queue.ts";

describe("local files", () => {
  const folder = temporaryFolder();
  const open: LocalTaskQueue[] = [];
  afterEach(() => {
    for (const queue of open.splice(0)) queue.close();
  });

  describe("object store", () =>
    objectStoreContract("local files", async () => {
      const path = join(folder(), "store");
      return { store: await LocalObjectStore.open(path), other: await LocalObjectStore.open(path) };
    }));

  describe("task queue", () =>
    taskQueueContract("local files", async () => {
      const clock = new ManualClock();
      const path = join(folder(), "queue");
      const queue = await LocalTaskQueue.open(path, "one", clock);
      const other = await LocalTaskQueue.open(path, "two", clock);
      open.push(queue, other);
      return { queue, other, clock };
    }));
});
