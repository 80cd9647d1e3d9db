import { checkMessage, type TaskQueue } from "../../worker-runtime/src/ports/task-queue.ts";
import type { Caller } from "./caller.ts";
import type { Chance } from "./chance.ts";
import type { Injector } from "./injector.ts";
import type { Options } from "./options.ts";
import type { Scheduler } from "./scheduler.ts";

export interface QueuedMessage {
  readonly body: string;
  deliveries: number;
  /** Which delivery may release it: an older one has lost it to the next. */
  receipt: number;
  gone: boolean;
}

const dayMs = 86_400_000;

/** The simulated queue: at least once, in any order. `onVisible` gets a message each time that it may be delivered. */
export class SimulatedQueue {
  readonly #scheduler: Scheduler;
  readonly #injector: Injector;
  readonly #chance: Chance;
  readonly #options: Options;
  readonly #onVisible: (message: QueuedMessage) => void;
  /** Messages that are not acknowledged, without those that come weeks later. */
  waiting = 0;

  constructor(
    scheduler: Scheduler,
    injector: Injector,
    chance: Chance,
    options: Options,
    onVisible: (message: QueuedMessage) => void,
  ) {
    this.#scheduler = scheduler;
    this.#injector = injector;
    this.#chance = chance;
    this.#options = options;
    this.#onVisible = onVisible;
  }

  /** The queue as one function or client sees it. */
  for(caller: Caller): TaskQueue {
    return {
      send: async (messages, options) => {
        messages.forEach(checkMessage);
        await this.travel(caller);
        if (this.#injector.strikes("killBefore", () => caller.mayFail())) return caller.die();
        const half = this.#injector.strikes("halfSent", () => caller.mayFail());
        const stored = half ? messages.slice(0, this.#chance.whole("half", 0, messages.length)) : messages;
        for (const body of stored) this.#add(body, (options?.delaySeconds ?? 0) * 1000);
        this.#injector.note(
          `${caller.name} send ${stored.map(taskIn).join(" ")} ${options?.delaySeconds ? `in ${options.delaySeconds} s` : ""}`,
        );
        if (half) throw new Error("the queue took a part of the messages");
        if (this.#injector.strikes("killAfter", () => caller.mayFail())) return caller.die();
      },
    };
  }

  async travel(caller: Caller): Promise<void> {
    await caller.sleep(this.#options.functions.queueMs * this.#chance.between("queue", 0.5, 2));
  }

  /** Hides a message that is being delivered; it comes again unless it is acknowledged. */
  take(message: QueuedMessage): number {
    message.deliveries++;
    const receipt = ++message.receipt;
    this.#show(message, receipt, this.#options.functions.visibilitySeconds * 1000);
    return receipt;
  }

  async acknowledge(caller: Caller, message: QueuedMessage, receipt: number): Promise<void> {
    await this.travel(caller);
    if (this.#injector.strikes("killBefore", () => caller.mayFail())) return caller.die();
    // Too late: the next delivery is under way already. SQS says then that it may or may not be heard.
    const heard = receipt === message.receipt || this.#chance.next("stale receipt") < 0.5;
    if (heard && !this.#injector.strikes("lostAcknowledgement", () => message.deliveries < 3)) this.#remove(message);
    if (this.#injector.strikes("killAfter", () => caller.mayFail())) return caller.die();
  }

  async release(caller: Caller, message: QueuedMessage, receipt: number, delaySeconds: number): Promise<void> {
    await this.travel(caller);
    if (receipt !== message.receipt || message.gone) return;
    this.#show(message, ++message.receipt, delaySeconds * 1000);
  }

  #add(body: string, delayMs: number): void {
    const chance = this.#chance;
    const copies = this.#injector.strikes("duplicate") ? chance.whole("copies", 2, 5) : 1;
    for (let copy = 0; copy < copies; copy++) {
      const late = copy > 0 || this.#injector.strikes("delay") ? chance.between("late", 0, 120_000) : 0;
      const message: QueuedMessage = { body, deliveries: 0, receipt: 0, gone: false };
      this.waiting++;
      this.#show(message, 0, delayMs + late);
    }
    if (this.#injector.strikes("weeksLater")) {
      const message: QueuedMessage = { body, deliveries: 1, receipt: 0, gone: false };
      this.#scheduler.after(chance.between("weeks", 14 * dayMs, 42 * dayMs), () => {
        this.waiting++;
        this.#onVisible(message);
      });
    }
  }

  #show(message: QueuedMessage, receipt: number, delayMs: number): void {
    this.#scheduler.after(delayMs, () => {
      if (!message.gone && message.receipt === receipt) this.#onVisible(message);
    });
  }

  #remove(message: QueuedMessage): void {
    if (message.gone) return;
    message.gone = true;
    this.waiting--;
  }
}

/** A message in a few words, for logs. */
export function taskIn(body: string): string {
  const { kind, ...ranks } = JSON.parse(body).task;
  return `${kind}(${Object.values(ranks).join(",")})`;
}
