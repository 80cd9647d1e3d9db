import type { Clock } from "../../worker-runtime/src/ports/clock.ts";

/** A clock that moves only when a test moves it. */
export class ManualClock implements Clock {
  #nowMs = 1e12;

  nowMs = (): number => this.#nowMs;

  sleep = async (milliseconds: number): Promise<void> => this.pass(milliseconds / 1000);

  pass(seconds: number): void {
    this.#nowMs += seconds * 1000;
  }
}
