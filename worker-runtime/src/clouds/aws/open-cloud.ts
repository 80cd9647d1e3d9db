/** What is opened. `region`: by default AWS_REGION, as Lambda sets it, or the profile's. */
export interface AwsPlaces {
  readonly store: string;
  readonly queue: string;
  readonly region?: string;
}

/** Opens a bucket by its name, and a queue by its address. AWS's SDK is loaded only now. */
export async function openCloud({ store, queue, ...options }: AwsPlaces) {
  const [{ openObjectStore }, { openTaskQueue }] = await Promise.all([
    import("./object-store.ts"),
    import("./task-queue.ts"),
  ]);
  return { store: openObjectStore(store, options), queue: openTaskQueue(queue, options) };
}
