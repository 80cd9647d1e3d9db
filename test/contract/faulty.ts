import type { ObjectStore } from "../../worker-runtime/src/ports/object-store.ts";
import type { TaskQueue, TaskSource } from "../../worker-runtime/src/ports/task-queue.ts";

/** Stores that break one promise each; everything else is left as it is. */
export const faultyStores: Record<string, (store: ObjectStore) => ObjectStore> = {
  "ignores preconditions": (store) => ({
    ...bound(store),
    async putIfAbsent(key, body) {
      const [, answer] = await Promise.all([store.delete(key), store.putIfAbsent(key, body)]);
      return answer;
    },
  }),
  "lists late": (store) => {
    let newest = "";
    return {
      ...bound(store),
      async putIfAbsent(key, body) {
        newest = key;
        return store.putIfAbsent(key, body);
      },
      async list(prefix) {
        const hidden = newest;
        newest = "";
        return (await store.list(prefix)).filter(({ key }) => key !== hidden);
      },
    };
  },
  truncates: (store) => ({
    ...bound(store),
    async get(key, range) {
      const body = await store.get(key, range);
      return body && body.length > 1000 ? body.subarray(0, 1000) : body;
    },
  }),
  "answers a range that leaves the object": (store) => ({
    ...bound(store),
    get: async (key, range) => (range ? (await store.get(key))?.subarray(range.offsetBytes) : store.get(key)),
  }),
  "keeps what was removed in its lists": (store) => ({ ...bound(store), delete: async () => {} }),
  "refuses every request": (store) => ({
    ...bound(store),
    list: async () => {
      throw new Error("503 Slow Down");
    },
  }),
};

/** Queues that break one promise each. */
export const faultyQueues: Record<string, (queue: TaskQueue & TaskSource) => TaskQueue & TaskSource> = {
  "drops the end of a batch": (queue) => ({
    receive: (seconds) => queue.receive(seconds),
    send: (messages, options) => queue.send(messages.slice(0, 10), options),
  }),
  "does not deliver again": (queue) => ({
    send: (messages, options) => queue.send(messages, options),
    async receive(seconds) {
      const delivery = await queue.receive(seconds);
      return delivery && { ...delivery, release: delivery.acknowledge };
    },
  }),
  "ignores delays": (queue) => ({
    receive: (seconds) => queue.receive(seconds),
    send: (messages) => queue.send(messages),
  }),
  "counts no deliveries": (queue) => ({
    send: (messages, options) => queue.send(messages, options),
    async receive(seconds) {
      const delivery = await queue.receive(seconds);
      return delivery && { ...delivery, attempt: 1 };
    },
  }),
};

function bound(store: ObjectStore): ObjectStore {
  return {
    putIfAbsent: store.putIfAbsent.bind(store),
    get: store.get.bind(store),
    head: store.head.bind(store),
    list: store.list.bind(store),
    delete: store.delete.bind(store),
  };
}
