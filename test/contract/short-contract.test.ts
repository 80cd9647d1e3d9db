import { expect } from "chai";
import { describe, it } from "mocha";
import { checkQueue } from "../../worker-runtime/src/clouds/check-queue.ts";
import { checkStore } from "../../worker-runtime/src/clouds/check-store.ts";
import type { Finding } from "../../worker-runtime/src/clouds/findings.ts";
import { MemoryObjectStore } from "../../worker-runtime/src/clouds/memory/object-store.ts";
import { MemoryTaskQueue } from "../../worker-runtime/src/clouds/memory/task-queue.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { faultyQueues, faultyStores } from "./faulty.ts";

describe("the short contract", () => {
  const problems = (found: readonly Finding[]) => found.filter(({ problem }) => problem).map(({ name }) => name);

  it("finds nothing wrong with a good store, and leaves nothing behind", async () => {
    const store = new MemoryObjectStore();
    expect(problems(await checkStore(store))).to.deep.equal([]);
    expect(await store.list("")).to.deep.equal([]);
  });

  const brokenByStore: Record<string, string[]> = {
    "ignores preconditions": ["create if absent"],
    "lists late": ["list after write"],
    truncates: ["read after write", "ranges"],
    "answers a range that leaves the object": ["ranges"],
    "keeps what was removed in its lists": ["removal"],
    "refuses every request": ["list after write", "removal"],
  };
  for (const [name, make] of Object.entries(faultyStores))
    it(`refuses a store that ${name}`, async () => {
      expect(problems(await checkStore(make(new MemoryObjectStore())))).to.deep.equal(brokenByStore[name]);
    });

  it("says in words what a store does wrong", async () => {
    const found = await checkStore(faultyStores["lists late"]!(new MemoryObjectStore()));
    expect(found.find(({ problem }) => problem)?.problem).to.match(
      /0 objects were listed right after 1 .*it lists late/,
    );
  });

  it("says how many writers of one key were told that they created it", async () => {
    const found = await checkStore(faultyStores["ignores preconditions"]!(new MemoryObjectStore()));
    expect(found[0]?.problem).to.match(/8 were told that they created it, not 1/);
  });

  const checkedQueue = (make = (queue: MemoryTaskQueue): Parameters<typeof checkQueue>[0] => queue) => {
    const clock = new ManualClock();
    return checkQueue(make(new MemoryTaskQueue(clock)), clock);
  };

  it("finds nothing wrong with a good queue", async () => {
    expect(problems(await checkedQueue())).to.deep.equal([]);
  });

  const brokenByQueue: Record<string, string[]> = {
    "drops the end of a batch": ["every message of a batch"],
    "does not deliver again": ["redelivery"],
    "ignores delays": ["delay"],
    "counts no deliveries": ["redelivery"],
  };
  for (const [name, make] of Object.entries(faultyQueues))
    it(`refuses a queue that ${name}`, async () => {
      expect(problems(await checkedQueue(make))).to.deep.equal(brokenByQueue[name]);
    });
});
