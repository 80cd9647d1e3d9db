import type { Plan } from "../../job/plan.ts";
import type { ObjectInfo, ObjectStore } from "../../ports/object-store.ts";
import { numbered, readDecisions } from "../../protocol/decisions.ts";
import { keyPrefixes, keys, rankOf } from "../../protocol/keys.ts";
import { readManifest } from "../../protocol/manifest.ts";
import { readJob, readNewestResult, readResult } from "../../protocol/run-record.ts";
import { measures } from "../../protocol/update.ts";

/**
 * - waiting: nothing has been stored but the job itself.
 * - stopping, cancelling: decided, and the result is not written yet.
 * - The others are those of a run (job/events.ts).
 */
export type JobState =
  | "waiting"
  | "running"
  | "stopping"
  | "cancelling"
  | "finished"
  | "stopped-early"
  | "out-of-budget"
  | "cancelled"
  | "failed";

/** A job as the keys of its objects tell it. */
export interface JobSummary {
  readonly job: string;
  readonly state: JobState;
  /** Rounds that are complete. */
  readonly closedRounds: number;
  /** By the store's clock, in milliseconds since 1970, as all times here. */
  readonly submittedAtMs: number;
  /** When the job last stored something; in a list of jobs without what a worker stores before its round is complete. */
  readonly lastStoredAtMs: number;
}

/** A job as it stands. */
export interface JobStatus extends JobSummary {
  readonly rounds: number;
  readonly workers: number;
  /** Why it is stopping, cancelled, failed and so on. */
  readonly reason?: string;
  /** Workers that have stored their update of the round that is under way. */
  readonly workersDone: number;
  /** Of the last round that trained. */
  readonly trainLoss?: number;
  /** The newest held-out metrics, and the round whose starting weights they measure. */
  readonly measured?: { readonly round: number; readonly metrics: Readonly<Record<string, number>> };
  /** Tasks that were done twice and came to other bits. */
  readonly divergences: number;
  /** SHA-256 of the final weights. */
  readonly weightsHash?: string;
}

/** All jobs of a store, the one that was submitted last first. Asks for little but the pages of one list. */
export async function listJobs(store: ObjectStore): Promise<JobSummary[]> {
  const byJob = Map.groupBy(await store.list(keyPrefixes.jobs), ({ key }) => key.split("/")[1]!);
  const jobs = await Promise.all([...byJob].map(([job, objects]) => summarise(store, job, objects)));
  return jobs.filter((summary) => summary !== undefined).sort((a, b) => b.submittedAtMs - a.submittedAtMs);
}

/** How a job stands; undefined where there is none of that name. */
export async function readStatus(store: ObjectStore, job: string): Promise<JobStatus | undefined> {
  const stored = await readJob(store, job);
  const objects = await store.list(`${keyPrefixes.jobs}${job}/`);
  const summary = await summarise(store, job, objects);
  if (!stored || !summary) return undefined;
  const { plan } = stored;
  const { state, closedRounds } = summary;
  const prefix = keys.updates(job, closedRounds);
  const [newest, decisions, updates, measured, last] = await Promise.all([
    readNewestResult(store, job),
    readDecisions(store, job),
    store.list(prefix),
    readMeasured(store, plan, closedRounds),
    closedRounds > 0 ? readManifest(store, job, Math.min(closedRounds, plan.rounds) - 1) : undefined,
  ]);
  const result = newest?.result;
  const decided = { stopping: "stop", cancelling: "cancel", failed: "failed" }[state as string];
  const reason = result ? result.reason : decisions.find(({ name }) => name === decided)?.reason;
  return {
    ...summary,
    ...(state === "waiting" && updates.length > 0 && { state: "running" }),
    lastStoredAtMs: lastOf([...objects, ...updates]),
    rounds: plan.rounds,
    workers: plan.workers,
    ...(reason !== undefined && { reason }),
    workersDone: updates.filter(({ key }) => rankOf(key, prefix) !== undefined).length,
    ...(last && last.manifest.trainLoss !== null && { trainLoss: last.manifest.trainLoss }),
    ...(result ? { measured: { round: result.round, metrics: result.metrics } } : measured && { measured }),
    divergences: objects.filter(({ key }) => key.startsWith(keys.divergences(job))).length,
    ...(result && { weightsHash: result.weightsHash }),
  };
}

/** Undefined where the objects are no job's: leftovers of a check, or a job whose submission was broken off. */
async function summarise(
  store: ObjectStore,
  job: string,
  objects: readonly ObjectInfo[],
): Promise<JobSummary | undefined> {
  const names = new Set(objects.map(({ key }) => key));
  const submitted = objects.find(({ key }) => key === keys.plan(job));
  if (!submitted) return undefined;
  let closedRounds = 0;
  while (names.has(keys.manifest(job, closedRounds))) closedRounds++;
  return {
    job,
    state: await stateOf(store, job, names, closedRounds),
    closedRounds,
    submittedAtMs: submitted.createdAtMs,
    lastStoredAtMs: lastOf(objects),
  };
}

async function stateOf(store: ObjectStore, job: string, names: Set<string>, closedRounds: number): Promise<JobState> {
  const decided = (name: string) => names.has(keys.decision(job, name));
  if (names.has(keys.result(job, "manifest.json"))) {
    // A decision that came too late is there too, so only the result knows.
    return decided("stop") || decided("cancel") ? (await readResult(store, job))!.state : "finished";
  }
  if (decided("failed")) return "failed";
  if (decided("cancel")) return "cancelling";
  if (decided("stop")) return "stopping";
  const budgets = [...names].filter((name) => name.startsWith(keys.decision(job, "budget-"))).length;
  if (budgets > 0 && decided(numbered("spent", budgets)))
    return names.has(keys.stopped(job, budgets, "manifest.json")) ? "out-of-budget" : "stopping";
  return closedRounds > 0 ? "running" : "waiting";
}

/** The newest held-out metrics in the manifests of the rounds before `closedRounds`. */
async function readMeasured(store: ObjectStore, plan: Plan, closedRounds: number): Promise<JobStatus["measured"]> {
  for (let round = closedRounds - 1; round > 0; round--) {
    if (!measures(plan, round)) continue;
    const metrics = (await readManifest(store, plan.job, round))?.manifest.metrics;
    return metrics ? { round, metrics } : undefined;
  }
  return undefined;
}

function lastOf(objects: readonly ObjectInfo[]): number {
  return objects.reduce((last, { createdAtMs }) => Math.max(last, createdAtMs), 0);
}
