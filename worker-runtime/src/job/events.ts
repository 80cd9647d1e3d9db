/**
 * What a run tells while it goes. Made by whoever drives the run (clouds/local/train.ts); drawn by the command. Every
 * event is plain JSON, and `trivet train --json` prints it as it is, one line each: the fields are an interface.
 */
export type RunEvent =
  | ProgressEvent
  | DatasetEvent
  | PlanEvent
  | ResumedEvent
  | NoticeEvent
  | RoundEvent
  | WorkerExitEvent
  | FinishedEvent;

/** Something is on its way that takes longer than a second. Told at most once a second. */
export interface ProgressEvent {
  readonly type: "progress";
  readonly stage: "reading" | "encoding" | "storing" | "uploading" | "fetching";
  /** Rows when reading and encoding; shards when storing; bytes when uploading and fetching. */
  readonly done: number;
  /** Left out where it is not known, as in the first pass over the rows. */
  readonly total?: number;
}

/** The data has been read, split and stored (or was found stored). */
export interface DatasetEvent {
  readonly type: "dataset";
  readonly hash: string;
  readonly trainExamples: number;
  readonly heldOutExamples: number;
  /** Rows left out because `data.onBadRow` is "skip". */
  readonly skippedRows: number;
  /** True when an earlier run had stored the same dataset. */
  readonly reused: boolean;
}

/** What was decided before the first step. */
export interface PlanEvent {
  readonly type: "plan";
  readonly job: string;
  readonly rounds: number;
  readonly workers: number;
  /** Worker processes on this machine; left out where a cloud starts as many functions as it may. */
  readonly processes?: number;
  readonly localSteps: number;
  readonly batchSize: number;
  readonly weightCount: number;
  readonly numerics: "portable" | "native";
  /** The held-out metric that is shown first and that early stop follows, and which way is better. */
  readonly primaryMetric: string;
  readonly better: "higher" | "lower";
}

/** An earlier, interrupted run of the same job goes on: rounds before `round` are not done again. */
export interface ResumedEvent {
  readonly type: "resumed";
  readonly round: number;
}

/** Something a person should know and need not act on, such as a slower backend. One sentence. */
export interface NoticeEvent {
  readonly type: "notice";
  readonly text: string;
}

/** Round `round` (0 to rounds - 1 train; the last one, number `rounds`, only measures) is complete. */
export interface RoundEvent {
  readonly type: "round";
  readonly round: number;
  readonly rounds: number;
  /** Mean loss of the round's local steps; left out for the round that only measures. */
  readonly trainLoss?: number;
  /** Held-out metrics of the weights that the round started from; left out where they were not measured. */
  readonly metrics?: Readonly<Record<string, number>>;
  /** Training examples seen in this round by all workers together. */
  readonly examples: number;
  /** Over this round, by the wall clock. */
  readonly samplesPerSecond: number;
  /** Since the run (not the job) began. */
  readonly elapsedMs: number;
  /** Until the last round, as far as can be told now. */
  readonly etaMs?: number;
  /** Updates and models that the round stored. */
  readonly bytesWritten?: number;
}

/** A worker process ended before its time; its tasks are delivered again. */
export interface WorkerExitEvent {
  readonly type: "worker-exit";
  readonly place: string;
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** How often a process has been started in this place again, this one included. */
  readonly restarts: number;
}

/** The last event of a run. */
export interface FinishedEvent extends TrainOutcome {
  readonly type: "finished";
}

/**
 * - finished: every round is done.
 * - stopped-early: `training.earlyStop` ended it; the best model is the result.
 * - out-of-budget: the next round might have passed `budget`; the last model is kept, and a higher budget goes on.
 * - cancelled: someone asked the job to end for good; the last model is the result.
 * - failed: a task failed too often; `reason` says why, and there is no result.
 * - interrupted: this run was stopped (Ctrl-C); the same command goes on from `nextRound`.
 */
export type RunState = "finished" | "stopped-early" | "out-of-budget" | "cancelled" | "failed" | "interrupted";

/** How a run ended. */
export interface TrainOutcome {
  readonly state: RunState;
  readonly job: string;
  /** Why, in one sentence: for every state but "finished". */
  readonly reason?: string;
  /** The first round that is not complete; where a later run goes on. */
  readonly nextRound: number;
  /** Folder with the model, metrics, manifest and report; only where there is a result. */
  readonly resultFolder?: string;
  /** SHA-256 over the final weights: f32, little-endian, in the order of the plan's parameters. */
  readonly weightsHash?: string;
  /** Held-out metrics of the result. */
  readonly metrics?: Readonly<Record<string, number>>;
  readonly seconds: number;
}
