import type { Clock } from "../../worker-runtime/src/ports/clock.ts";
import type { Scheduler } from "./scheduler.ts";

/** A promise that is never kept: what a call comes to whose caller is dead. */
export const never = new Promise<never>(() => {});

/**
 * Whoever calls the store or the queue: a function instance, or a client. It can be killed at any moment, and then none of
 * its calls ever returns.
 */
export class Caller implements Clock {
  readonly name: string;
  alive = true;
  slowness = 1;
  /** How wrong its clock is. */
  skewMs = 0;
  /** Neither slow nor wrong nor refused: at the last tries of a task, which must not fail. */
  steady = false;
  /** Asked before a fault that this caller's work does not survive; says whether one more is allowed, and counts it. */
  mayFail: () => boolean = () => true;
  onKilled: () => void = () => {};
  readonly #scheduler: Scheduler;

  constructor(name: string, scheduler: Scheduler) {
    this.name = name;
    this.#scheduler = scheduler;
  }

  nowMs = (): number => this.#scheduler.nowMs() + (this.steady ? 0 : this.skewMs);

  sleep = async (milliseconds: number): Promise<void> => {
    await this.#scheduler.sleep(milliseconds * (this.steady ? 1 : this.slowness));
    if (!this.alive) await never;
  };

  kill(): void {
    if (!this.alive) return;
    this.alive = false;
    this.onKilled();
  }

  /** Dies here and now. */
  async die(): Promise<never> {
    this.kill();
    return never;
  }
}
