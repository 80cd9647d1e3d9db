import type { Chance } from "./chance.ts";
import type { Faults } from "./options.ts";
import type { Scheduler } from "./scheduler.ts";

/** One fault that came: its kind, and which draw of that kind it was. "killAfter 17". */
export type Injected = string;

/** Decides where faults come, counts them, and keeps the log of a run. */
export class Injector {
  readonly counts: Partial<Record<keyof Faults, number>> = {};
  readonly injected: Injected[] = [];
  readonly log: string[] = [];
  active = true;
  readonly #faults: Faults;
  readonly #chance: Chance;
  readonly #scheduler: Scheduler;
  readonly #only: ReadonlySet<Injected> | undefined;
  readonly #logs: boolean;
  readonly #draws = new Map<string, number>();

  /** `only`: no other faults than these; to make a failing run smaller. */
  constructor(
    faults: Faults,
    chance: Chance,
    scheduler: Scheduler,
    { only, logs = false }: { only?: ReadonlySet<Injected>; logs?: boolean } = {},
  ) {
    this.#faults = faults;
    this.#chance = chance;
    this.#scheduler = scheduler;
    this.#only = only;
    this.#logs = logs;
  }

  /** Whether this fault comes now, by its likelihood; `allowed` is asked only when it would. */
  strikes(kind: keyof Faults, allowed: () => boolean = () => true): boolean {
    const likelihood = this.#faults[kind];
    if (!this.active || likelihood === 0 || this.#chance.next(kind) >= likelihood) return false;
    return this.#take(kind, allowed);
  }

  /** For faults that come at planned moments. */
  comes(kind: keyof Faults, allowed: () => boolean = () => true): boolean {
    return this.active && this.#take(kind, allowed);
  }

  note(what: string): void {
    if (this.#logs) this.log.push(`${(this.#scheduler.sinceBeginMs / 1000).toFixed(3).padStart(10)} s  ${what}`);
  }

  #take(kind: keyof Faults, allowed: () => boolean): boolean {
    const draw = (this.#draws.get(kind) ?? 0) + 1;
    this.#draws.set(kind, draw);
    const injected = `${kind} ${draw}`;
    if ((this.#only && !this.#only.has(injected)) || !allowed()) return false;
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
    this.injected.push(injected);
    this.note(`FAULT ${injected}`);
    return true;
  }
}
