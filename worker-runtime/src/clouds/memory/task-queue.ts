import type { Clock } from "../../ports/clock.ts";
import { checkMessage, type Delivery, type TaskQueue, type TaskSource } from "../../ports/task-queue.ts";

interface Message {
  readonly body: string;
  readonly sentAtMs: number;
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
    const sentAtMs = this.#clock.nowMs();
    const visibleAtMs = sentAtMs + (options?.delaySeconds ?? 0) * 1000;
    for (const body of messages) this.#messages.add({ body, sentAtMs, attempt: 0, visibleAtMs });
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
        sentAtMs: message.sentAtMs,
        acknowledge: async () => void this.#messages.delete(message),
        release: async (delaySeconds) => {
          message.visibleAtMs = this.#clock.nowMs() + delaySeconds * 1000;
        },
      };
    }
    return undefined;
  }
}
