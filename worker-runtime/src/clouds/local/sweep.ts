import { UserError } from "../../errors.ts";
import type { RunState } from "../../job/events.ts";
import type { Plan } from "../../job/plan.ts";
import { primaryOf } from "../../models/index.ts";
import type { Learner } from "../../protocol/learner.ts";
import { readManifest } from "../../protocol/manifest.ts";
import { readDatasetManifest } from "../../protocol/run-record.ts";
import { defaultFactor } from "../../sweep/document.ts";
import type { Sweep, SweepRun } from "../../sweep/parse.ts";
import { type Rung, roundOfRung, rungsOf } from "../../sweep/rungs.ts";
import type { Settings } from "../../sweep/settings.ts";
import { readOutcome } from "../read-outcome.ts";
import { setJobBudget } from "../set-job-budget.ts";
import { systemClock } from "./clock.ts";
import { LocalObjectStore } from "./object-store.ts";
import { WorkerPool } from "./pool.ts";
import { prepare } from "./prepare.ts";

/** How one run of a sweep stands. */
export interface RunOutcome {
  readonly job: string;
  readonly settings: Settings;
  /** interrupted: it has trained a part of its rounds, as far as successive halving let it or the sweep was stopped. */
  readonly state: RunState;
  /** Rounds that are complete, of those that train. */
  readonly rounds: number;
  readonly plannedRounds: number;
  /** The leading held-out metric: of the result, or at the round after which the run was last compared with others. */
  readonly value?: number;
  readonly weightsHash?: string;
  /** Why it failed or stopped. */
  readonly reason?: string;
}

/** What a sweep tells while it goes. `trivet sweep --json` prints it as it is, one line each. */
export type SweepEvent =
  | { readonly type: "sweep"; readonly runs: number; readonly metric: string; readonly better: "higher" | "lower" }
  /** So many runs train on; only of successive halving. */
  | { readonly type: "rung"; readonly rung: number; readonly rungs: number; readonly runs: number }
  | ({ readonly type: "run"; readonly done: number; readonly of: number } & RunOutcome)
  | { readonly type: "notice"; readonly text: string }
  | ({ readonly type: "finished" } & SweepOutcome);

export interface SweepOutcome {
  readonly state: "finished" | "failed" | "interrupted";
  readonly metric: string;
  /** The run that came out best; undefined where none has a result, or the sweep was stopped. */
  readonly best?: RunOutcome;
  /** The best first; those that were not compared to the end behind those that were. */
  readonly runs: readonly RunOutcome[];
}

export interface SweepOptions extends Sweep {
  readonly storeFolder: string;
  /** Worker processes. Changes the speed, never what comes out. */
  readonly processes: number;
  /** Stops the sweep; the same call goes on from there. */
  readonly signal: AbortSignal;
  readonly onEvent: (event: SweepEvent) => void;
}

interface Candidate extends SweepRun {
  readonly plan: Plan;
  readonly primary: Learner["primary"];
}

/**
 * Trains the runs of a sweep on this machine. Nothing is kept of the sweep itself: its runs follow from the files, each is a
 * job that is found by its own name, and how good it was after a round stands in that round's manifest. So a sweep that was
 * killed goes on when it is started again, and comes to the same end.
 */
export async function runSweep(options: SweepOptions): Promise<SweepOutcome> {
  const { storeFolder, signal, onEvent, sweep } = options;
  const store = await LocalObjectStore.open(storeFolder);
  const candidates = await planAll(store, options);
  if (!candidates) return ended("interrupted", "", [], onEvent);
  const { primary } = candidates[0]!;
  onEvent({ type: "sweep", runs: candidates.length, metric: primary.metric, better: primary.better });
  const lanes = new Lanes(store, options, Math.max(...candidates.map(({ plan }) => plan.workers)));
  const factor = sweep.factor ?? defaultFactor;
  const rungs =
    sweep.method === "halving" ? rungsOf(candidates.length, factor) : [{ runs: candidates.length, fraction: 1 }];
  const outcomes = new Map<Candidate, RunOutcome>();
  let left: readonly Candidate[] = candidates;
  try {
    for (const [i, rung] of rungs.entries()) {
      left = ranked(left, outcomes, primary).slice(0, rung.runs);
      if (rungs.length > 1) onEvent({ type: "rung", rung: i + 1, rungs: rungs.length, runs: left.length });
      let done = 0;
      await lanes.forEach(left, async (candidate, pool, signal) => {
        const outcome = await trainTo(store, candidate, rung, pool, { ...options, signal });
        outcomes.set(candidate, outcome);
        if (!signal.aborted) onEvent({ type: "run", done: ++done, of: left.length, ...outcome });
      });
      if (signal.aborted) break;
    }
  } finally {
    await lanes.stop();
  }
  const others = candidates.filter((candidate) => !left.includes(candidate));
  const order = [...ranked(left, outcomes, primary), ...ranked(others, outcomes, primary)];
  const runs = order.flatMap((candidate) => outcomes.get(candidate) ?? []);
  const [first] = runs;
  const best = first?.weightsHash !== undefined && first.value !== undefined ? first : undefined;
  return ended(signal.aborted ? "interrupted" : best ? "finished" : "failed", primary.metric, runs, onEvent, best);
}

function ended(
  state: SweepOutcome["state"],
  metric: string,
  runs: readonly RunOutcome[],
  onEvent: SweepOptions["onEvent"],
  best?: RunOutcome,
): SweepOutcome {
  const outcome = { state, metric, runs, ...(state === "finished" && best && { best }) };
  onEvent({ type: "finished", ...outcome });
  return outcome;
}

/** Reads the data, once for all runs that share it, and plans every run. Undefined when it was told to stop. */
async function planAll(store: LocalObjectStore, options: SweepOptions): Promise<Candidate[] | undefined> {
  const { folder, signal, onEvent } = options;
  const candidates: Candidate[] = [];
  const notices = new Set<string>();
  for (const run of options.runs) {
    const plan = await prepare(store, {
      ...{ document: run.document, folder, signal, again: false },
      onEvent: (event) => {
        if (event.type !== "notice" || notices.has(event.text)) return;
        notices.add(event.text);
        onEvent(event);
      },
    }).catch((error) => {
      if (error !== signal.reason) throw error;
      return undefined;
    });
    if (!plan || signal.aborted) return undefined;
    const manifest = await readDatasetManifest(store, plan.datasetHash);
    await setJobBudget(store, { document: run.document, plan, manifest });
    candidates.push({ ...run, plan, primary: await primaryOf(run.document.model) });
  }
  const metrics = new Set(candidates.map(({ primary }) => primary.metric));
  if (metrics.size > 1)
    throw new UserError(
      `The runs cannot be compared: they measure ${[...metrics].join(" and ")}. Vary fewer parameters.`,
    );
  return candidates;
}

/** Trains a run as far as the rung goes, unless that has been done before. */
async function trainTo(
  store: LocalObjectStore,
  { document, plan, primary, settings }: Candidate,
  rung: Rung,
  pool: () => Promise<WorkerPool>,
  { signal, onEvent }: SweepOptions,
): Promise<RunOutcome> {
  const { job, rounds, evaluateEvery } = plan;
  const round = roundOfRung(rung, rounds, evaluateEvery);
  const isThere = async () =>
    (await readOutcome(store, job)).state !== "interrupted" ||
    (round !== undefined && (await readManifest(store, job, round)) !== undefined);
  if (!(await isThere())) {
    const workers = await pool();
    const run = { startedAtMs: systemClock.nowMs(), signal, ...(round !== undefined && { stopAfterRound: round }) };
    const over = await workers.train(document, plan, {
      ...run,
      onEvent: (event) => event.type === "notice" && onEvent(event),
    });
    if (!over) await workers.rest();
  }
  const outcome = await readOutcome(store, job);
  // What others are compared with must not depend on how far a run went beyond its rung before it was stopped.
  const manifest = round === undefined ? undefined : (await readManifest(store, job, round))?.manifest;
  const value = (manifest?.metrics ?? outcome.metrics)?.[primary.metric];
  return {
    ...{ job, settings, state: outcome.state, rounds: Math.min(outcome.nextRound, rounds), plannedRounds: rounds },
    ...(value !== undefined && { value }),
    ...(outcome.weightsHash !== undefined && { weightsHash: outcome.weightsHash }),
    ...(outcome.reason !== undefined && outcome.state !== "interrupted" && { reason: outcome.reason }),
  };
}

/** The best first; equal ones in the order of the sweep, those without a value last. */
function ranked(
  candidates: readonly Candidate[],
  outcomes: ReadonlyMap<Candidate, RunOutcome>,
  { better }: Learner["primary"],
): readonly Candidate[] {
  const sign = better === "higher" ? -1 : 1;
  const score = (candidate: Candidate) => {
    const value = outcomes.get(candidate)?.value;
    return value === undefined || Number.isNaN(value) ? Number.POSITIVE_INFINITY : sign * value;
  };
  // Infinity minus itself is no number, and equal ones keep their order.
  return candidates.toSorted((a, b) => score(a) - score(b) || 0);
}

/**
 * Runs side by side, each on processes of its own: as many as the machine has room for. A process that took turns with
 * several jobs would load data and record the step anew each time.
 */
class Lanes {
  readonly #pools: (Promise<WorkerPool> | undefined)[];
  readonly #signal: AbortSignal;
  readonly #start: (lane: number) => Promise<WorkerPool>;

  constructor(store: LocalObjectStore, { processes, signal, onEvent }: SweepOptions, workers: number) {
    this.#signal = signal;
    const width = Math.min(processes, workers);
    this.#pools = new Array(Math.floor(processes / width)).fill(undefined);
    this.#start = (lane) => {
      const places = Array.from({ length: width }, (_, i) => `process-${lane * width + i + 1}`);
      return WorkerPool.start(store, places, (event) => {
        if (event.type === "notice") onEvent(event);
      });
    };
  }

  /**
   * Does the work for each item, in order, in whatever lane is free, until it is told to stop. Processes are started when
   * somebody asks for them. An error in one lane stops the others.
   */
  async forEach<Item>(
    items: readonly Item[],
    work: (item: Item, pool: () => Promise<WorkerPool>, signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const failing = new AbortController();
    const signal = AbortSignal.any([this.#signal, failing.signal]);
    const waiting = [...items];
    const lanes = this.#pools.map(async (_, lane) => {
      const pool = () => (this.#pools[lane] ??= this.#start(lane));
      while (waiting.length > 0 && !signal.aborted) await work(waiting.shift()!, pool, signal);
    });
    for (const lane of lanes) lane.catch(() => failing.abort());
    await Promise.allSettled(lanes);
    await Promise.all(lanes);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#pools.map(async (pool) => (await pool)?.stop()));
  }
}
