import type { Clock } from "../../ports/clock.ts";
import { checkKey } from "../../ports/object-key.ts";
import type { ByteRange, ObjectInfo, ObjectStore } from "../../ports/object-store.ts";
import { sliceOf } from "../range.ts";

/** Objects in this process's memory: for tests, the simulator, and as the reference that other stores are compared with. */
export class MemoryObjectStore implements ObjectStore {
  readonly #objects = new Map<string, { readonly body: Uint8Array; readonly createdAtMs: number }>();
  readonly #clock: Pick<Clock, "nowMs">;

  constructor(clock: Pick<Clock, "nowMs"> = { nowMs: Date.now }) {
    this.#clock = clock;
  }

  async putIfAbsent(key: string, body: Uint8Array): Promise<"created" | "exists"> {
    checkKey(key);
    if (this.#objects.has(key)) return "exists";
    this.#objects.set(key, { body: new Uint8Array(body), createdAtMs: this.#clock.nowMs() });
    return "created";
  }

  async get(key: string, range?: ByteRange): Promise<Uint8Array | undefined> {
    checkKey(key);
    const object = this.#objects.get(key);
    return object && sliceOf(key, object.body, range).slice();
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    checkKey(key);
    const object = this.#objects.get(key);
    return object && { key, sizeBytes: object.body.length, createdAtMs: object.createdAtMs };
  }

  async list(prefix: string): Promise<ObjectInfo[]> {
    const found = [...this.#objects].filter(([key]) => key.startsWith(prefix));
    found.sort(([a], [b]) => (a < b ? -1 : 1));
    return found.map(([key, { body, createdAtMs }]) => ({ key, sizeBytes: body.length, createdAtMs }));
  }

  async delete(key: string): Promise<void> {
    checkKey(key);
    this.#objects.delete(key);
  }
}
