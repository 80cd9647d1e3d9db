import { join } from "node:path";
import { expect } from "chai";
import { afterEach, describe, it } from "mocha";
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

  it("show a large object whole or not at all while it is written", async () => {
    const path = join(folder(), "store");
    const store = await LocalObjectStore.open(path);
    const sizeBytes = 32 * 2 ** 20;
    let written = false;
    const writing = store.putIfAbsent("large", new Uint8Array(sizeBytes)).then(() => {
      written = true;
    });
    const other = await LocalObjectStore.open(path);
    const sizes = new Set<number | undefined>();
    while (!written) sizes.add((await other.head("large"))?.sizeBytes);
    await writing;
    sizes.add((await other.head("large"))?.sizeBytes);
    expect([...sizes]).to.deep.equal([undefined, sizeBytes]);
  });

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
