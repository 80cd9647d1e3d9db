/** Opens a container and a queue by their addresses. Azure's SDK is loaded only now. */
export async function openCloud({ store, queue }: { readonly store: string; readonly queue: string }) {
  const [{ openObjectStore }, { openTaskQueue }] = await Promise.all([
    import("./object-store.ts"),
    import("./task-queue.ts"),
  ]);
  return { store: openObjectStore(store), queue: openTaskQueue(queue) };
}
