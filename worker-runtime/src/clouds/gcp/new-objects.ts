/**
 * The object that Cloud Storage tells of in the form JSON_API_V1 (docs.cloud.google.com/storage/docs/pubsub-notifications): the
 * object as its JSON API describes it. Which event it was stands in an attribute of the message; the components subscribe
 * to OBJECT_FINALIZE alone. Undefined for what is no such message.
 */
export function newObjectsOfStorage(event: unknown): string[] | undefined {
  const { kind, name } = (event ?? {}) as { readonly kind?: unknown; readonly name?: unknown };
  return kind === "storage#object" && typeof name === "string" ? [name] : undefined;
}
