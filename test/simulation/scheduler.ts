import type { Clock } from "../../worker-runtime/src/ports/clock.ts";

interface Event {
  readonly atMs: number;
  readonly order: number;
  readonly happen: () => void;
}

/** Microtask turns without a new event after which everybody must be waiting for one. The longest chain seen is 12. */
const quietTurns = 40;

/** 2026-01-01: where simulated time begins. */
const beginMs = 1_767_225_600_000;

/**
 * Simulated time. What happens is a list of events; between two of them the code under test runs until all of it waits for
 * an event. There are no timers and no threads, so the same events give the same run, in the order of their times and, at
 * one time, in the order in which they were planned.
 */
export class Scheduler implements Clock {
  #heap: Event[] = [];
  #planned = 0;
  #nowMs = beginMs;
  happened = 0;
  /** A number that any difference between two runs changes. */
  fingerprint = 0;

  nowMs = (): number => this.#nowMs;
  sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => this.after(milliseconds, resolve));

  get sinceBeginMs(): number {
    return this.#nowMs - beginMs;
  }

  after(milliseconds: number, happen: () => void): void {
    const event = { atMs: this.#nowMs + Math.max(0, milliseconds), order: this.#planned++, happen };
    const heap = this.#heap;
    let at = heap.push(event) - 1;
    for (let parent = (at - 1) >> 1; at > 0 && isBefore(event, heap[parent]!); parent = (at - 1) >> 1) {
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = event;
  }

  /** Lets time pass until `isDone`, nothing is planned any more, or the next event lies behind `untilMs` since the begin. */
  async run(isDone: () => boolean, untilMs = Number.POSITIVE_INFINITY): Promise<void> {
    await this.#settle();
    while (!isDone() && this.#heap.length > 0 && this.#heap[0]!.atMs - beginMs <= untilMs) {
      const event = this.#pop();
      this.#nowMs = event.atMs;
      this.happened++;
      this.fingerprint = (Math.imul(this.fingerprint, 31) + (event.atMs % 2 ** 31) + event.order) | 0;
      event.happen();
      await this.#settle();
    }
  }

  async #settle(): Promise<void> {
    for (let quiet = 0, planned = this.#planned; quiet < quietTurns; quiet++) {
      await null;
      if (planned !== this.#planned) {
        planned = this.#planned;
        quiet = 0;
      }
    }
  }

  #pop(): Event {
    const heap = this.#heap;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
