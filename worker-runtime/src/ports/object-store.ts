/** What a stored object is known by without reading it. */
export interface ObjectInfo {
  readonly key: string;
  readonly sizeBytes: number;
  /** When the store created the object, in milliseconds since 1970, by the store's own clock. */
  readonly createdAtMs: number;
}

/** A part of an object: `lengthBytes` bytes from `offsetBytes` on. A range beyond the end is an error. */
export interface ByteRange {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/**
 * The only state that Trivet has: named immutable objects.
 *
 * What every implementation must keep (test/contract/object-store.ts holds them all to it):
 * - `putIfAbsent` creates the whole object or nothing. Of any number of concurrent writers of one key exactly one gets
 *   "created", and every reader from then on sees the winner's bytes.
 * - What was created is seen at once by `get`, `head` and `list`, from any process.
 * - Keys are relative paths of `[A-Za-z0-9._-]` segments joined by `/`, 1-512 characters, no segment `.` or `..`
 *   (`checkKey` in keys.ts).
 */
export interface ObjectStore {
  /** Creates the object, or answers "exists" and leaves the stored bytes as they are. */
  putIfAbsent(key: string, body: Uint8Array): Promise<"created" | "exists">;
  /** The object's bytes (or a range of them); undefined when there is no such object. */
  get(key: string, range?: ByteRange): Promise<Uint8Array | undefined>;
  /** Undefined when there is no such object. */
  head(key: string): Promise<ObjectInfo | undefined>;
  /** Every object whose key starts with `prefix`, in key order (UTF-16 code units). */
  list(prefix: string): Promise<ObjectInfo[]>;
  /** Removes the object; nothing happens when there is none. Only garbage collection calls it. */
  delete(key: string): Promise<void>;
}
