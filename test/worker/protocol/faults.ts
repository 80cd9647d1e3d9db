import type { ObjectStore } from "../../../worker-runtime/src/ports/object-store.ts";
import type { Delivery, TaskQueue } from "../../../worker-runtime/src/ports/task-queue.ts";
import type { Worker } from "../../../worker-runtime/src/protocol/worker.ts";
import { Random } from "../../../worker-runtime/src/training/random.ts";

/** The end of a process, in the middle of a call. */
export class Killed extends Error {}

/**
 * Kills a worker at its n-th call of store or queue, before or after the call had its effect. A killed worker does nothing
 * more: its message stays unacknowledged until the visibility timeout ends.
 */
export class KillAt {
  calls = 0;
  readonly #call: number;
  readonly #when: "before" | "after";

  constructor(call: number, when: "before" | "after") {
    this.#call = call;
    this.#when = when;
  }

  wrap = <T extends ObjectStore | TaskQueue>(target: T): T =>
    new Proxy(target, {
      get: (_, name) => {
        const method = Reflect.get(target, name) as (...args: unknown[]) => Promise<unknown>;
        return typeof method === "function"
          ? (...args: unknown[]) => this.call(() => method.apply(target, args))
          : method;
      },
    });

  async call<T>(effect: () => Promise<T>): Promise<T> {
    const mine = ++this.calls === this.#call;
    if (mine && this.#when === "before") throw new Killed();
    const answer = await effect();
    if (mine) throw new Killed();
    return answer;
  }

  /** For `World`: a delivery whose worker is killed is neither acknowledged nor released. */
  handle = async (worker: Worker, delivery: Delivery) => {
    let dead = false;
    const unlessDead = (act: () => Promise<void>) => () => (dead ? new Promise<never>(() => {}) : this.call(act));
    const watched: Delivery = {
      ...delivery,
      acknowledge: unlessDead(() => delivery.acknowledge()),
      release: async () => {},
    };
    const handled = await worker.handle(watched).catch((error: unknown) => {
      dead = true;
      if (!(error instanceof Killed)) throw error;
      return { outcome: "poison" as const, reason: "killed" };
    });
    return handled;
  };
}

/** A queue that delivers each message one to three times, in any order, some of them late. */
export function unruly(queue: TaskQueue, seed: number): TaskQueue {
  let sent = 0;
  return {
    async send(messages, options) {
      const copies = messages.flatMap((message) => {
        const random = new Random(seed, "unruly", sent++);
        return Array.from({ length: 1 + random.below(3, 0) }, (_, i) => ({
          message,
          order: random.uniform(2 * i + 1),
          late: random.below(3, 2 * i + 2) * 20,
        }));
      });
      for (const { message, late } of copies.toSorted((a, b) => a.order - b.order))
        await queue.send([message], { delaySeconds: (options?.delaySeconds ?? 0) + late });
    },
  };
}
