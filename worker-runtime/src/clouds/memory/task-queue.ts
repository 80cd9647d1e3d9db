import type { Clock } from "../../ports/clock.ts";
import { checkMessage, type Delivery, type TaskQueue, type TaskSource } from "../../ports/task-queue.ts";

interface Message {
  readonly body: string;
  attempt: number;
  visibleAtMs: number;
}

/** A queue in this process's memory. */
export class MemoryTaskQueue implements TaskQueue, TaskSource {
  readonly #messages = new Set<Message>();
  readonly #clock: Pick<Clock, "nowMs">;

  constructor(clock: Pick<Clock, "nowMs"> = { nowMs: Date.now }) {
    this.#clock = clock;
  }

  /** Messages that are not acknowledged, hidden ones too. */
  get size(): number {
    return this.#messages.size;
  }

  async send(messages: readonly string[], options?: { readonly delaySeconds?: number }): Promise<void> {
    messages.forEach(checkMessage);
    const visibleAtMs = this.#clock.nowMs() + (options?.delaySeconds ?? 0) * 1000;
    for (const body of messages) this.#messages.add({ body, attempt: 0, visibleAtMs });
  }

  async receive(visibilityTimeoutSeconds: number): Promise<Delivery | undefined> {
    const nowMs = this.#clock.nowMs();
    for (const message of this.#messages) {
      if (message.visibleAtMs > nowMs) continue;
      message.attempt++;
      message.visibleAtMs = nowMs + visibilityTimeoutSeconds * 1000;
      return {
        body: message.body,
        attempt: message.attempt,
        acknowledge: async () => void this.#messages.delete(message),
        release: async (delaySeconds) => {
          message.visibleAtMs = this.#clock.nowMs() + delaySeconds * 1000;
        },
      };
    }
    return undefined;
  }
}
