import { sliceOf } from "../../worker-runtime/src/clouds/range.ts";
import { checkKey } from "../../worker-runtime/src/ports/object-key.ts";
import type { ObjectInfo, ObjectStore } from "../../worker-runtime/src/ports/object-store.ts";
import type { Caller } from "./caller.ts";
import type { Chance } from "./chance.ts";
import type { Injector } from "./injector.ts";
import type { Options } from "./options.ts";
import type { Scheduler } from "./scheduler.ts";

interface StoredObject {
  readonly body: Uint8Array;
  readonly createdAtMs: number;
  /** Which put made it, as the adapters of the clouds note it (clouds/put-once.ts). */
  readonly putId: number;
}

/** Tries of one request, as the adapters make them. */
const tries = 3;
/** After so long without an answer the adapter tries again. */
const unansweredMs = 2_000;

/** The simulated object store, and what stands between it and the protocol in a cloud: an adapter that tries again. */
export class SimulatedStore {
  readonly objects = new Map<string, StoredObject>();
  readonly #scheduler: Scheduler;
  readonly #injector: Injector;
  readonly #chance: Chance;
  readonly #options: Options;
  readonly onCreated: (key: string, body: Uint8Array) => void;
  #puts = 0;

  constructor(
    scheduler: Scheduler,
    injector: Injector,
    chance: Chance,
    options: Options,
    onCreated: (key: string, body: Uint8Array) => void,
  ) {
    this.#scheduler = scheduler;
    this.#injector = injector;
    this.#chance = chance;
    this.#options = options;
    this.onCreated = onCreated;
  }

  /** The store as one function or client sees it. */
  for(caller: Caller): ObjectStore {
    const call = <T>(name: string, key: string, effect: () => T, isPut = false) =>
      this.#call(caller, name, key, effect, isPut);
    return {
      putIfAbsent: async (key, body) => {
        checkKey(key);
        const putId = ++this.#puts;
        const kept = new Uint8Array(body);
        return call("put", key, () => this.#create(key, kept, putId), true);
      },
      get: async (key, range) => {
        checkKey(key);
        const bytes = await call("get", key, () => {
          const found = this.objects.get(key);
          return found && sliceOf(key, found.body, range).slice();
        });
        return bytes && this.#damaged(caller, bytes);
      },
      head: async (key) => {
        checkKey(key);
        return call("head", key, () => {
          const found = this.objects.get(key);
          return found && infoOf(key, found);
        });
      },
      list: (prefix) => call("list", prefix, () => this.#list(prefix)),
      delete: (key) => call("delete", key, () => void this.objects.delete(key)),
    };
  }

  /** The store without faults and without time: for the checks. */
  direct(): ObjectStore {
    const now = async <T>(answer: () => T): Promise<T> => answer();
    return {
      putIfAbsent: (key, body) => now(() => this.#create(key, new Uint8Array(body), ++this.#puts)),
      get: (key, range) =>
        now(() => {
          const found = this.objects.get(key);
          return found && sliceOf(key, found.body, range);
        }),
      head: (key) => now(() => (this.objects.has(key) ? infoOf(key, this.objects.get(key)!) : undefined)),
      list: (prefix) =>
        now(() =>
          [...this.objects].filter(([key]) => key.startsWith(prefix)).map(([key, object]) => infoOf(key, object)),
        ),
      delete: (key) => now(() => void this.objects.delete(key)),
    };
  }

  /** How many rounds of the only job are complete. */
  closedRounds(): number {
    return [...this.objects.keys()].filter((key) => key.includes("/manifests/")).length;
  }

  async #call<T>(caller: Caller, name: string, key: string, effect: () => T, isPut: boolean): Promise<T> {
    const injector = this.#injector;
    const may = () => caller.mayFail();
    const troubled = () => !caller.steady;
    for (let attempt = 1; ; attempt++) {
      await caller.sleep(this.#options.functions.storeMs * this.#chance.between("store", 0.5, 2));
      if (injector.strikes("killBefore", may)) return caller.die();
      if ((isPut && injector.strikes("conflict", troubled)) || injector.strikes("refused", troubled)) {
        if (attempt >= tries && may()) throw new Error(`503 Slow Down: ${name} ${key}`);
        await caller.sleep(50 * 2 ** Math.min(attempt, 5));
        continue;
      }
      const answer = effect();
      injector.note(`${caller.name} ${name} ${key}${isPut || name === "head" ? ` -> ${textOf(answer)}` : ""}`);
      if (injector.strikes("killAfter", may)) return caller.die();
      if (!isPut || !injector.strikes("unanswered", troubled)) return answer;
      await caller.sleep(unansweredMs);
      if (attempt >= tries && may()) throw new Error(`no answer: ${name} ${key}`);
    }
  }

  #create(key: string, body: Uint8Array, putId: number): "created" | "exists" {
    const found = this.objects.get(key);
    if (found) return found.putId === putId ? "created" : "exists";
    this.objects.set(key, { body, createdAtMs: this.#scheduler.nowMs(), putId });
    this.onCreated(key, body);
    return "created";
  }

  #list(prefix: string): ObjectInfo[] {
    const { lateListMs } = this.#options.faults;
    const nowMs = this.#scheduler.nowMs();
    const isLate = ({ createdAtMs }: StoredObject) =>
      nowMs - createdAtMs < lateListMs && this.#injector.comes("lateListMs");
    return [...this.objects]
      .filter(([key, object]) => key.startsWith(prefix) && !isLate(object))
      .map(([key, object]) => infoOf(key, object))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  #damaged(caller: Caller, bytes: Uint8Array): Uint8Array {
    if (bytes.length === 0) return bytes;
    if (this.#injector.strikes("flipped", () => caller.mayFail())) {
      const bit = this.#chance.whole("bit", 0, 8 * bytes.length - 1);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
    }
    if (this.#injector.strikes("truncated", () => caller.mayFail()))
      return bytes.slice(0, this.#chance.whole("end", 0, bytes.length - 1));
    return bytes;
  }
}

function infoOf(key: string, { body, createdAtMs }: StoredObject): ObjectInfo {
  return { key, sizeBytes: body.length, createdAtMs };
}

function textOf(answer: unknown): string {
  return typeof answer === "string" ? answer : answer ? "there" : "none";
}
