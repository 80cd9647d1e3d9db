import { setTimeout as sleep } from "node:timers/promises";
import type { Delivery, TaskSource } from "../../worker-runtime/src/ports/task-queue.ts";
import type { FunctionInstance } from "../entrypoints/function-hosts.ts";
import type { FunctionHost, Tell } from "./account.ts";
import { residentBytes } from "./memory.ts";

/** What a stack says of a function that its cloud calls with a message: Lambda, Cloud Run. */
export interface DeployedFunction {
  /** An invocation that takes longer is killed. */
  readonly timeoutSeconds: number;
  /** An instance that takes more is killed. */
  readonly memoryMib: number;
  /** Instances at the same time. */
  readonly maxConcurrency: number;
  /** How long a message is hidden from others while one works on it. */
  readonly visibilitySeconds: number;
}

/** An instance that nobody calls for so long is stopped: clouds do it after minutes. */
const idleMs = 2000;
const lookMs = 50;

/** Takes messages from the queue, and hands each to an instance, of which it starts and stops as many as are needed. */
export class PushHost implements FunctionHost {
  started = 0;
  mostAtOnce = 0;
  readonly #deployed: DeployedFunction;
  readonly #source: TaskSource;
  readonly #start: () => Promise<FunctionInstance>;
  readonly #tell: Tell;
  readonly #busy = new Set<Promise<void>>();
  #idle: { readonly instance: FunctionInstance; readonly sinceMs: number; readonly number: number }[] = [];
  #stopped = false;

  constructor(deployed: DeployedFunction, source: TaskSource, start: () => Promise<FunctionInstance>, tell: Tell) {
    this.#deployed = deployed;
    this.#source = source;
    this.#start = start;
    this.#tell = tell;
  }

  async run(): Promise<void> {
    const { maxConcurrency, visibilitySeconds } = this.#deployed;
    while (!this.#stopped) {
      if (this.#busy.size >= maxConcurrency) {
        await Promise.race(this.#busy);
        continue;
      }
      const delivery = await this.#source.receive(visibilitySeconds);
      if (delivery) {
        const serving = this.#serve(delivery).finally(() => this.#busy.delete(serving));
        this.#busy.add(serving);
        this.mostAtOnce = Math.max(this.mostAtOnce, this.#busy.size);
      } else {
        await this.#stopIdle(idleMs);
        await sleep(lookMs);
      }
    }
    await Promise.all(this.#busy);
    await this.#stopIdle(0);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
  }

  async #serve(delivery: Delivery): Promise<void> {
    const { instance, number } = this.#idle.pop() ?? (await this.#startOne());
    const ended = new AbortController();
    const answer = instance.invoke(delivery.body, delivery.attempt).catch(() => false);
    const trouble = this.#trouble(instance, ended.signal);
    const done = await Promise.race([answer, trouble]);
    ended.abort();
    if (typeof done === "string") {
      this.#tell(`function ${number} killed: ${done}`);
      await instance.process.stop();
      return delivery.release(0);
    }
    this.#idle.push({ instance, number, sinceMs: Date.now() });
    await (done ? delivery.acknowledge() : delivery.release(0));
  }

  async #startOne() {
    const number = ++this.started;
    this.#tell(`function ${number} starts`);
    return { instance: await this.#start(), number };
  }

  /** Resolves with what an invocation did that its platform ends it for. */
  async #trouble({ process }: FunctionInstance, signal: AbortSignal): Promise<string | boolean> {
    const { timeoutSeconds, memoryMib } = this.#deployed;
    const beganAtMs = Date.now();
    while (!signal.aborted) {
      if (Date.now() - beganAtMs > timeoutSeconds * 1000) return `it took more than ${timeoutSeconds} s`;
      if (residentBytes(process.pid) > memoryMib * 2 ** 20) return `it took more than ${memoryMib} MiB of memory`;
      await sleep(lookMs);
    }
    return false;
  }

  /** Stops instances that have been idle for longer: down to none. */
  async #stopIdle(longerThanMs: number): Promise<void> {
    const over = this.#idle.filter(({ sinceMs }) => Date.now() - sinceMs >= longerThanMs);
    this.#idle = this.#idle.filter((one) => !over.includes(one));
    for (const { instance, number } of over) {
      await instance.process.stop();
      this.#tell(`function ${number} stops`);
    }
  }
}
