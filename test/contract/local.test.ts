import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
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
    const writer = fork(new URL("./write-large-object.ts", import.meta.url), [path, String(sizeBytes)]);
    const written = once(writer, "exit");
    const sizes = new Set<number | undefined>();
    while (writer.exitCode === null && writer.signalCode === null) {
      sizes.add((await store.head("large"))?.sizeBytes);
      await setImmediate();
    }
    expect(await written).to.deep.equal([0, null]);
    sizes.add((await store.head("large"))?.sizeBytes);
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
