import { otherVariables } from "../configuration.ts";

/** Opens a bucket and a topic by their names. Google's SDK is loaded only now. */
export async function openCloud({ store, queue }: { readonly store: string; readonly queue: string }) {
  const [{ openObjectStore }, { openTaskQueue }] = await Promise.all([
    import("./object-store.ts"),
    import("./task-queue.ts"),
  ]);
  const storage = process.env[otherVariables.storageEmulator];
  const pubSub = process.env[otherVariables.pubSubEmulator];
  return {
    store: openObjectStore(store, storage === undefined ? {} : { endpoint: storage }),
    queue: openTaskQueue(queue, pubSub === undefined ? {} : { endpoint: `http://${pubSub}` }),
  };
}
