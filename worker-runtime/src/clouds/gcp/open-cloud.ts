import { otherVariables } from "../configuration.ts";

/** Opens a bucket and a topic by their names. Google's SDK is loaded only now. */
export async function openCloud({ store, queue }: { readonly store: string; readonly queue: string }) {
  const [{ openObjectStore }, { openTaskQueue }] = await Promise.all([
    import("./object-store.ts"),
    import("./task-queue.ts"),
  ]);
  const at = (endpoint: string | undefined) => (endpoint === undefined ? {} : { endpoint });
  return {
    store: openObjectStore(store, at(process.env[otherVariables.storageEndpoint])),
    queue: openTaskQueue(queue, at(process.env[otherVariables.pubSubEndpoint])),
  };
}
