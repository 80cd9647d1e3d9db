const place = /^\/blobServices\/default\/containers\/[^/]+\/blobs\/(.+)$/s;

/**
 * The blob that a CloudEvent of Event Grid tells of (learn.microsoft.com/azure/event-grid/event-schema-blob-storage);
 * undefined for what is no such event.
 */
export function newObjectsOfEventGrid(event: unknown): string[] | undefined {
  const { type, subject } = (event ?? {}) as { readonly type?: unknown; readonly subject?: unknown };
  if (type !== "Microsoft.Storage.BlobCreated" || typeof subject !== "string") return undefined;
  const name = place.exec(subject)?.[1];
  return name === undefined ? undefined : [name];
}
