import type { ObjectInfo, ObjectStore } from "../../worker-runtime/src/ports/object-store.ts";
import "../../worker-runtime/src/protocol/finish.ts"; // Loaded now, since the worker imports it late.
import { keys } from "../../worker-runtime/src/protocol/keys.ts";
import { Worker } from "../../worker-runtime/src/protocol/worker.ts";
import { ArithmeticLearner } from "../worker/protocol/arithmetic-learner.ts";
import { planOf, World } from "../worker/protocol/world.ts";

/** What a task does next: a call of the store or the queue. */
export interface Call {
  readonly kind: "put" | "get" | "head" | "list" | "send" | "acknowledge" | "release";
  /** Of an object, or the prefix of a list; empty for the queue. */
  readonly key: string;
  readonly body?: Uint8Array;
  readonly range?: { readonly offsetBytes: number; readonly lengthBytes: number };
  readonly messages?: readonly string[];
}

/**
 * A task under way. All that it knows are the answers that it has got, so each task with each history of answers is one
 * place, however many orders of calls lead there; it is run once, from its start, to find its next call.
 */
export interface Place {
  readonly id: number;
  readonly body: string;
  /** 1: delivered for the first time; 2: not. The protocol asks no more, as long as there are fewer crashes than attempts. */
  readonly attempt: 1 | 2;
  readonly answers: readonly unknown[];
  /** The places after each answer to the next call, by what the answer says. */
  readonly after: Map<string, Place>;
  call: Call | undefined;
}

/** Microtask turns for each answer after which a task that has made no call waits for something else. */
const quietTurns = 30;

/** The job that is explored: what its tasks do, and what each object must hold. */
export class SmallWorld {
  readonly job: string;
  /** Every key that was ever stored; a state names the objects that it has by the numbers of their keys. */
  readonly names: string[] = [];
  readonly places: Place[] = [];
  readonly #numbers = new Map<string, number>();
  /** What is stored under a key follows from the key, as `unexpected` checks, so it is kept once. */
  readonly #bodies: Uint8Array[] = [];
  readonly #begun = new Map<string, Place>();
  readonly #checked = new Map<Place, string | undefined>();
  readonly #plan;
  readonly #expected;

  private constructor(plan: ReturnType<typeof planOf>, expected: ObjectStore) {
    this.#plan = plan;
    this.job = plan.job;
    this.#expected = expected;
  }

  /** Runs the job once without any trouble. `begin`: the objects that are there when it has been submitted. */
  static async open(workers: number, reducers: number, rounds: number) {
    const plan = planOf({
      ...{ workers, reducers, rounds, localSteps: 1, partSteps: 1, weightCount: 3, evaluateEvery: 0 },
      parameters: [{ name: "w", shape: [3], offset: 0, length: 3 }],
    });
    const world = new World({ plan });
    await world.submit();
    const small = new SmallWorld(plan, world.store);
    let begin = 0n;
    for (const { key } of await world.store.list("")) begin |= small.keep(key, (await world.store.get(key))!);
    await world.work();
    return { small, begin };
  }

  /** The bit of a key, which is 0 when no such object was ever stored. */
  bit(key: string): bigint {
    const number = this.#numbers.get(key);
    return number === undefined ? 0n : 1n << BigInt(number);
  }

  keep(key: string, body: Uint8Array): bigint {
    if (!this.#numbers.has(key)) {
      this.#numbers.set(key, this.names.push(key) - 1);
      this.#bodies.push(body);
    }
    return this.bit(key);
  }

  begin(body: string, attempt: 1 | 2): Place {
    const name = `${attempt}${body}`;
    const known = this.#begun.get(name) ?? this.#newPlace(body, attempt, []);
    this.#begun.set(name, known);
    return known;
  }

  /** The answer to a read, with the objects of `mask`; and what it says, in a word. */
  read(call: Call, mask: bigint): { answer: unknown; says: string } {
    if (call.kind === "list") {
      const found = this.names.filter((name) => name.startsWith(call.key) && (mask & this.bit(name)) !== 0n).sort();
      return { answer: found.map((name) => this.#infoOf(name)), says: found.join(" ") };
    }
    if ((mask & this.bit(call.key)) === 0n) return { answer: undefined, says: "-" };
    if (call.kind === "head") return { answer: this.#infoOf(call.key), says: "there" };
    const bytes = this.#bodies[this.#numbers.get(call.key)!]!;
    const { offsetBytes, lengthBytes } = call.range ?? { offsetBytes: 0, lengthBytes: bytes.length };
    return { answer: bytes.slice(offsetBytes, offsetBytes + lengthBytes), says: "there" };
  }

  after(place: Place, answer: unknown, says: string): Place {
    const known = place.after.get(says) ?? this.#newPlace(place.body, place.attempt, [...place.answers, answer]);
    place.after.set(says, known);
    return known;
  }

  /** The next call of a task that has got its answers; undefined: it waits for something that is no call. */
  async nextCall(place: Place): Promise<Call | undefined> {
    if (place.call) return place.call;
    const { answers } = place;
    let asked = 0;
    const call = (made: Call): Promise<unknown> => {
      const index = asked++;
      if (index < answers.length) return Promise.resolve(answers[index]);
      place.call ??= made;
      return new Promise(() => {});
    };
    const store = {
      putIfAbsent: (key: string, body: Uint8Array) => call({ kind: "put", key, body }),
      get: (key: string, range?: Call["range"]) => call({ kind: "get", key, ...(range && { range }) }),
      head: (key: string) => call({ kind: "head", key }),
      list: (key: string) => call({ kind: "list", key }),
    } as unknown as ObjectStore;
    const worker = new Worker({
      store,
      queue: { send: async (messages) => void (await call({ kind: "send", key: "", messages })) },
      clock: { nowMs: () => 0, sleep: async () => {} },
      place: "somewhere",
      openLearner: async () => new ArithmeticLearner(this.#plan.weightCount, this.#plan.seed),
      peakMemoryBytes: () => 0,
      remainingMs: () => Number.POSITIVE_INFINITY,
    });
    void worker.handle({
      ...{ body: place.body, attempt: place.attempt },
      acknowledge: async () => void (await call({ kind: "acknowledge", key: "" })),
      release: async () => void (await call({ kind: "release", key: "" })),
    });
    for (let turn = 0; turn < quietTurns * (1 + answers.length) && !place.call; turn++) await null;
    return place.call;
  }

  /** Safety, at every put: whatever is stored is what is stored when nothing goes wrong. */
  async unexpected(place: Place): Promise<string | undefined> {
    if (this.#checked.has(place)) return this.#checked.get(place);
    const { key, body } = place.call!;
    const problem = await this.#compare(key, body!);
    this.#checked.set(place, problem);
    return problem;
  }

  async #compare(key: string, body: Uint8Array): Promise<string | undefined> {
    if (/hint|looks|traces|repeats|result\/(report|events|metrics)/.test(key)) return undefined;
    if (/divergences|failed/.test(key)) return `${key} was stored: ${Buffer.from(body)}`;
    const known = await this.#expected.get(key);
    if (!known) return `${key} was stored, which is no object of this job`;
    if (key === keys.result(this.job, "manifest.json")) {
      const [mine, theirs] = [body, known].map((bytes) => JSON.parse(Buffer.from(bytes).toString()));
      const same = mine.weightsHash === theirs.weightsHash && mine.chainHash === theirs.chainHash;
      return same ? undefined : "another result";
    }
    const lengthBytes = key.startsWith("rounds/") ? 32 : body.length; // Of a bundle: its content hash.
    const same = Buffer.from(known.subarray(0, lengthBytes)).equals(body.subarray(0, lengthBytes));
    return same ? undefined : `${key} has other bytes`;
  }

  #infoOf(key: string): ObjectInfo {
    return { key, sizeBytes: this.#bodies[this.#numbers.get(key)!]!.length, createdAtMs: 0 };
  }

  #newPlace(body: string, attempt: 1 | 2, answers: readonly unknown[]): Place {
    const place: Place = { id: this.places.length, body, attempt, answers, after: new Map(), call: undefined };
    this.places.push(place);
    return place;
  }
}

/** A message in a few words. */
export function nameOf(body: string): string {
  const { kind, ...ranks } = JSON.parse(body).task;
  return `${kind}(${Object.values(ranks)})`;
}
