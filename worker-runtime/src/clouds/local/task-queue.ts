import { randomUUID } from "node:crypto";
import {
  type FSWatcher,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  unlinkSync,
  watch,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Clock } from "../../ports/clock.ts";
import { checkMessage, type Delivery, type TaskQueue, type TaskSource } from "../../ports/task-queue.ts";
import { explained } from "./explained.ts";

/**
 * A queue in a folder, shared by processes. A message is a file whose name says all that changes:
 * `<visible at, ms>.<attempt>.<owner>.<id>`. Receiving renames it to a later time, the next attempt and this owner. A rename
 * is atomic, so of several receivers one wins; and when that one dies, the time in the name brings the message back.
 * Without Node's thread pool, for the reason that the object store gives.
 */
export class LocalTaskQueue implements TaskQueue, TaskSource {
  readonly #folder: string;
  readonly #owner: string;
  readonly #clock: Clock;

  readonly #watcher: FSWatcher;
  #changed = false;
  #wake = () => {};

  private constructor(folder: string, owner: string, clock: Clock) {
    this.#folder = folder;
    this.#owner = owner;
    this.#clock = clock;
    this.#watcher = watch(folder, () => {
      this.#changed = true;
      this.#wake();
    });
    // A folder that is removed while it is watched: its queue is over, and the next `receive` says so.
    this.#watcher.on("error", () => {});
  }

  /** `owner` names this process, in letters, digits and hyphens. */
  static async open(folder: string, owner: string, clock: Clock): Promise<LocalTaskQueue> {
    mkdirSync(join(folder, "tmp"), { recursive: true });
    return new LocalTaskQueue(folder, owner, clock);
  }

  async send(messages: readonly string[], options?: { readonly delaySeconds?: number }): Promise<void> {
    messages.forEach(checkMessage);
    const visibleAtMs = this.#clock.nowMs() + (options?.delaySeconds ?? 0) * 1000;
    await explained(this.#folder, () => {
      for (const body of messages) {
        const id = randomUUID();
        writeFileSync(join(this.#folder, "tmp", id), body);
        renameSync(join(this.#folder, "tmp", id), this.#path({ visibleAtMs, attempt: 0, owner: "none", id }));
      }
    });
  }

  async receive(visibilityTimeoutSeconds: number): Promise<Delivery | undefined> {
    this.#changed = false;
    const nowMs = this.#clock.nowMs();
    for (const waiting of this.#messages()) {
      if (waiting.visibleAtMs > nowMs) return undefined;
      const visibleAtMs = nowMs + visibilityTimeoutSeconds * 1000;
      const taken: MessageName = { ...waiting, visibleAtMs, attempt: waiting.attempt + 1, owner: this.#owner };
      if (!this.#rename(waiting, taken)) continue;
      return {
        body: readFileSync(this.#path(taken), "utf8"),
        attempt: taken.attempt,
        acknowledge: async () => unlessMissing(() => unlinkSync(this.#path(taken))),
        release: async (delaySeconds) => {
          const released = { ...taken, owner: "none", visibleAtMs: this.#clock.nowMs() + delaySeconds * 1000 };
          this.#rename(taken, released);
        },
      };
    }
    return undefined;
  }

  /** Makes the messages of an owner that has died visible at once, as a platform does whose function has crashed. */
  async releaseAllOf(owner: string): Promise<void> {
    for (const held of this.#messages())
      if (held.owner === owner) this.#rename(held, { ...held, owner: "none", visibleAtMs: this.#clock.nowMs() });
  }

  /** Resolves when something changed since `receive` last looked, or after `atMostMs`: a delay or a timeout may have ended. */
  async waitForChange(atMostMs: number): Promise<void> {
    if (this.#changed) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, atMostMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  close(): void {
    this.#watcher.close();
    this.#wake();
  }

  /** All messages, the first to become visible first. */
  #messages(): MessageName[] {
    return readdirSync(this.#folder)
      .filter((name) => name !== "tmp")
      .sort()
      .map((name) => {
        const [visibleAtMs, attempt, owner, id] = name.split(".") as [string, string, string, string];
        return { visibleAtMs: Number(visibleAtMs), attempt: Number(attempt), owner, id };
      });
  }

  /** False when another process was faster. */
  #rename(from: MessageName, to: MessageName): boolean {
    const renamed = unlessMissing(() => {
      renameSync(this.#path(from), this.#path(to));
      return true;
    });
    return renamed ?? false;
  }

  #path({ visibleAtMs, attempt, owner, id }: MessageName): string {
    const time = String(Math.ceil(visibleAtMs)).padStart(16, "0");
    return join(this.#folder, `${time}.${String(attempt).padStart(6, "0")}.${owner}.${id}`);
  }
}

interface MessageName {
  readonly visibleAtMs: number;
  readonly attempt: number;
  readonly owner: string;
  readonly id: string;
}

function unlessMissing<Result>(call: () => Result): Result | undefined {
  try {
    return call();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return undefined;
  }
}
