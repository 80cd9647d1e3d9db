import type { RunEvent } from "../../job/events.ts";
import type { Plan } from "../../job/plan.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ObjectStore } from "../../ports/object-store.ts";
import { keys } from "../../protocol/keys.ts";
import { type Manifest, readManifest } from "../../protocol/manifest.ts";
import { trains } from "../../protocol/update.ts";
import type { TaskTrace } from "../../result/run-record.ts";

/** Tells of each round once it is closed, with the speed so far. */
export class RoundWatcher {
  readonly #store: ObjectStore;
  readonly #plan: Plan;
  readonly #clock: Clock;
  readonly #first: number;
  readonly #startedAtMs: number;
  readonly #onEvent: (event: RunEvent) => void;
  #next: number;
  #lastClosedAtMs = 0;
  /** When the first round of this run was closed: it includes the start-up, so that it says nothing about the others. */
  #firstClosedAtMs = 0;

  constructor(
    store: ObjectStore,
    plan: Plan,
    clock: Clock,
    first: number,
    startedAtMs: number,
    onEvent: (event: RunEvent) => void,
  ) {
    this.#store = store;
    this.#plan = plan;
    this.#clock = clock;
    this.#first = first;
    this.#startedAtMs = startedAtMs;
    this.#onEvent = onEvent;
    this.#next = first;
  }

  /** The first round that was not complete at the last look. */
  get next(): number {
    return this.#next;
  }

  /** Reports every round that has been closed since the last look. */
  async look(): Promise<void> {
    for (;;) {
      const closed = await readManifest(this.#store, this.#plan.job, this.#next);
      if (!closed) return;
      const traces = await this.#store.get(keys.trace(this.#plan.job, this.#next));
      this.#tell(closed.manifest, traces ? JSON.parse(Buffer.from(traces).toString()) : []);
      this.#next++;
    }
  }

  /** Times are those that the tasks noted: several rounds may have been closed between two looks. */
  #tell({ round, trainLoss, metrics }: Manifest, traces: readonly (TaskTrace | null)[]): void {
    const { workers, localSteps, batchSize, rounds } = this.#plan;
    const tasks = traces.filter((trace) => trace !== null);
    const nowMs = this.#clock.nowMs();
    const closedAtMs = Math.max(0, ...tasks.map(({ finishedAtMs }) => finishedAtMs)) || nowMs;
    if (round === this.#first) {
      this.#firstClosedAtMs = closedAtMs;
      this.#lastClosedAtMs = Math.min(closedAtMs, ...tasks.map(({ startedAtMs }) => startedAtMs));
    }
    const roundMs = Math.max(1, closedAtMs - this.#lastClosedAtMs);
    const examples = trains(this.#plan, round) ? workers * localSteps * batchSize : 0;
    const sinceFirst = round - this.#first;
    const etaMs = sinceFirst > 0 ? ((closedAtMs - this.#firstClosedAtMs) / sinceFirst) * (rounds - round) : undefined;
    this.#lastClosedAtMs = closedAtMs;
    this.#onEvent({
      type: "round",
      round,
      rounds,
      ...(trainLoss !== null && { trainLoss }),
      ...(metrics && { metrics }),
      examples,
      samplesPerSecond: (examples * 1000) / roundMs,
      elapsedMs: nowMs - this.#startedAtMs,
      ...(etaMs !== undefined && { etaMs }),
      bytesWritten: tasks.reduce((bytes, trace) => bytes + trace.bytesWritten, 0),
    });
  }
}
