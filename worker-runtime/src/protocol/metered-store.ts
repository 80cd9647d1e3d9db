import type { Clock } from "../ports/clock.ts";
import type { ByteRange, ObjectInfo, ObjectStore } from "../ports/object-store.ts";

/** Requests, bytes and waiting time, as they are billed and reported. */
export interface StoreUse {
  put: number;
  get: number;
  head: number;
  list: number;
  bytesRead: number;
  bytesWritten: number;
  /** Time during which at least one request was under way. */
  storeMs: number;
}

/** Counts what goes through a store. One for each task, so that a task can say what it used. */
export class MeteredStore implements ObjectStore {
  readonly use: StoreUse = { put: 0, get: 0, head: 0, list: 0, bytesRead: 0, bytesWritten: 0, storeMs: 0 };
  readonly #store: ObjectStore;
  readonly #clock: Clock;
  #underWay = 0;
  #busySinceMs = 0;

  constructor(store: ObjectStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** The same store, counted from zero: for a task that is done right after another. */
  anew(): MeteredStore {
    return new MeteredStore(this.#store, this.#clock);
  }

  async putIfAbsent(key: string, body: Uint8Array): Promise<"created" | "exists"> {
    this.use.put++;
    this.use.bytesWritten += body.length;
    return this.#timed(() => this.#store.putIfAbsent(key, body));
  }

  async get(key: string, range?: ByteRange): Promise<Uint8Array | undefined> {
    this.use.get++;
    const bytes = await this.#timed(() => this.#store.get(key, range));
    this.use.bytesRead += bytes?.length ?? 0;
    return bytes;
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    this.use.head++;
    return this.#timed(() => this.#store.head(key));
  }

  async list(prefix: string): Promise<ObjectInfo[]> {
    this.use.list++;
    return this.#timed(() => this.#store.list(prefix));
  }

  async delete(key: string): Promise<void> {
    return this.#timed(() => this.#store.delete(key));
  }

  async #timed<T>(request: () => Promise<T>): Promise<T> {
    if (this.#underWay++ === 0) this.#busySinceMs = this.#clock.nowMs();
    try {
      return await request();
    } finally {
      if (--this.#underWay === 0) this.use.storeMs += this.#clock.nowMs() - this.#busySinceMs;
    }
  }
}
