import { describe } from "mocha";
import { MemoryObjectStore } from "../../worker-runtime/src/clouds/memory/object-store.ts";
import { MemoryTaskQueue } from "../../worker-runtime/src/clouds/memory/task-queue.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { objectStoreContract } from "./object-store.ts";
import { taskQueueContract } from "./task-queue.ts";

describe("memory", () => {
  describe("object store", () =>
    objectStoreContract("memory", async () => {
      const store = new MemoryObjectStore();
      return { store, other: store };
    }));

  describe("task queue", () =>
    taskQueueContract("memory", async () => {
      const clock = new ManualClock();
      const queue = new MemoryTaskQueue(clock);
      return { queue, other: queue, clock };
    }));
});
