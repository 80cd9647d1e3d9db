import type { Plan } from "../job/plan.ts";
import type { Clock } from "../ports/clock.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { decodeHead, headRange } from "../protocol/bundle.ts";
import { keys, rankOf } from "../protocol/keys.ts";
import { findHead } from "../protocol/manifest.ts";
import { isOver } from "../protocol/run-record.ts";
import type { TaskTrace } from "../result/run-record.ts";

/** Which tasks are told of; all where a field is left out. */
export interface TaskFilter {
  readonly round?: number;
  readonly worker?: number;
}

/**
 * What the tasks of a job measured of themselves, as they have stored it, round by round: those of closed rounds from their
 * traces, those of the round under way from the updates that are there. A task is told of once.
 */
export class TaskLog {
  readonly #store: ObjectStore;
  readonly #plan: Plan;
  readonly #filter: TaskFilter;
  readonly #told = new Set<string>();
  #round: number;

  constructor(store: ObjectStore, plan: Plan, filter: TaskFilter = {}) {
    this.#store = store;
    this.#plan = plan;
    this.#filter = filter;
    this.#round = filter.round ?? 0;
  }

  /** Everything that has been stored since the last look. */
  async look(): Promise<TaskTrace[]> {
    const head = await findHead(this.#store, this.#plan.job);
    const found: TaskTrace[] = [];
    for (; this.#round < head && this.#isWanted(this.#round); this.#round++)
      found.push(...(await this.#closed(this.#round)));
    if (this.#round === head && this.#isWanted(head)) found.push(...(await this.#underWay(head)));
    return found.filter((trace) => this.#isNew(trace));
  }

  #isWanted(round: number): boolean {
    return this.#filter.round === undefined || this.#filter.round === round;
  }

  #isNew({ task, round, rank }: TaskTrace): boolean {
    if (this.#filter.worker !== undefined && (task !== "step" || rank !== this.#filter.worker)) return false;
    const name = `${task} ${round} ${rank}`;
    if (this.#told.has(name)) return false;
    this.#told.add(name);
    return true;
  }

  async #closed(round: number): Promise<TaskTrace[]> {
    const bytes = await this.#store.get(keys.trace(this.#plan.job, round));
    const traces = bytes ? (JSON.parse(Buffer.from(bytes).toString()) as (TaskTrace | null)[]) : [];
    return traces.filter((trace) => trace !== null).sort((a, b) => a.startedAtMs - b.startedAtMs);
  }

  async #underWay(round: number): Promise<TaskTrace[]> {
    const prefix = keys.updates(this.#plan.job, round);
    const stored = (await this.#store.list(prefix)).filter(({ key }) => rankOf(key, prefix) !== undefined);
    const heads = await Promise.all(
      stored.map(async ({ key }) => ({ key, head: await this.#store.get(key, headRange) })),
    );
    return heads
      .flatMap(({ key, head }) => (head ? [decodeHead(key, head).trace as TaskTrace | null] : []))
      .filter((trace) => trace !== null)
      .sort((a, b) => a.startedAtMs - b.startedAtMs);
  }
}

/** How often a job that is followed is looked at. */
const pauseMs = 1000;
/** Ctrl-C is answered within this time. */
const sliceMs = 200;

/** Tells of a job's tasks until it is over, or until `signal`. */
export async function followTasks(
  store: ObjectStore,
  plan: Plan,
  filter: TaskFilter,
  { clock, signal, onTasks }: { clock: Clock; signal: AbortSignal; onTasks: (tasks: readonly TaskTrace[]) => void },
): Promise<void> {
  const log = new TaskLog(store, plan, filter);
  while (!signal.aborted) {
    const over = await isOver(store, plan.job);
    onTasks(await log.look());
    if (over) return;
    for (let left = pauseMs; left > 0 && !signal.aborted; left -= sliceMs) await clock.sleep(sliceMs);
  }
}
