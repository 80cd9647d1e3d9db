import type { ObjectStore } from "../../ports/object-store.ts";
import type { Delivery, TaskQueue, TaskSource } from "../../ports/task-queue.ts";
import { Random } from "../../training/random.ts";

/** What goes wrong on purpose, and how often: of calls, of reads, of messages. */
const likelihood = { kill: 0.02, refuse: 0.01, flip: 0.01, truncate: 0.01, duplicate: 0.3, halfSend: 0.02 };

export type Fault = keyof typeof likelihood;

/** What each is called when it is told of. */
export const faultNames: Readonly<Record<Fault, string>> = {
  kill: "processes killed",
  refuse: "requests refused",
  flip: "bits flipped",
  truncate: "reads cut short",
  duplicate: "messages doubled",
  halfSend: "messages sent in part",
};

/** A place is killed so often at the most: each new process takes about a second to start. */
const mostLives = 4;
/** As in the simulator: a task that fails five times rightly ends the job, so only its first tries meet with any trouble. */
const troubledAttempts = 2;
const longestDelaySeconds = 0.1;

/**
 * `trivet train --chaos SEED`: the real store and queue of a worker process, with faults between them and the protocol. Each
 * process draws its faults from the seed, its place, and how often that place was started; where they fall in the job depends on
 * which tasks it gets.
 */
export class Chaos {
  readonly #random: Random;
  readonly #life: number;
  readonly #onFault: (fault: Fault) => void;
  #draws = 0;
  #delivered = 0;
  #attempt = 1;

  constructor(seed: number, place: string, life: number, onFault: (fault: Fault) => void) {
    this.#random = new Random(seed, "chaos", place, life);
    this.#life = life;
    this.#onFault = onFault;
  }

  /** The store as the protocol is to see it. */
  store(store: ObjectStore): ObjectStore {
    const call = async <T>(effect: () => Promise<T>): Promise<T> => {
      this.#mayDie();
      if (this.#strikes("refuse")) throw new Error("chaos: the store refused a request");
      const answer = await effect();
      this.#mayDie();
      return answer;
    };
    return {
      putIfAbsent: (key, body) => call(() => store.putIfAbsent(key, body)),
      get: (key, range) => call(async () => this.#damaged(key, await store.get(key, range))),
      head: (key) => call(() => store.head(key)),
      list: (prefix) => call(() => store.list(prefix)),
      delete: (key) => store.delete(key),
    };
  }

  /** The queue likewise. Of what is received it only notes how often it was delivered. */
  queue(queue: TaskQueue & TaskSource): TaskQueue & TaskSource {
    return {
      receive: async (seconds): Promise<Delivery | undefined> => {
        const delivery = await queue.receive(seconds);
        if (delivery) [this.#attempt, this.#delivered] = [delivery.attempt, this.#delivered + 1];
        return delivery;
      },
      send: async (messages, options) => {
        this.#mayDie();
        for (const [i, message] of messages.entries()) {
          if (i > 0 && this.#strikes("halfSend")) throw new Error("chaos: the queue took a part of the messages");
          await queue.send([message], options);
          if (!this.#strikes("duplicate")) continue;
          const lateSeconds = longestDelaySeconds * this.#next();
          await queue.send([message], { delaySeconds: (options?.delaySeconds ?? 0) + lateSeconds });
        }
        this.#mayDie();
      },
    };
  }

  /** Objects that carry a hash of their own; the data's shards do too, but no further try would read them again. */
  #damaged(key: string, bytes: Uint8Array | undefined): Uint8Array | undefined {
    if (!bytes || bytes.length === 0 || !/^rounds\/|\/manifests\//.test(key)) return bytes;
    if (this.#strikes("flip")) {
      const bit = Math.floor(this.#next() * 8 * bytes.length);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
    }
    return this.#strikes("truncate") ? bytes.slice(0, Math.floor(this.#next() * bytes.length)) : bytes;
  }

  /** Never before a second task has come: a place whose process dies again and again without finishing one is given up. */
  #mayDie(): void {
    if (this.#life >= mostLives || this.#delivered < 2 || !this.#strikes("kill")) return;
    process.kill(process.pid, "SIGKILL");
  }

  #strikes(fault: Fault): boolean {
    const strikes = this.#next() < likelihood[fault] && this.#attempt <= troubledAttempts;
    // A process cannot tell of its own end; its coordinator sees it.
    if (strikes && fault !== "kill") this.#onFault(fault);
    return strikes;
  }

  #next(): number {
    return this.#random.uniform(this.#draws++);
  }
}

/** What came, in words: "3 processes killed, 41 messages doubled". */
export function inWords(counts: ReadonlyMap<Fault, number>): string {
  const words = Object.entries(faultNames).flatMap(([fault, name]) => {
    const count = counts.get(fault as Fault) ?? 0;
    return count > 0 ? [`${count} ${name}`] : [];
  });
  return words.length > 0 ? words.join(", ") : "nothing went wrong";
}
