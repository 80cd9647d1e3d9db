import type { DatasetManifest } from "../data/types.ts";
import { UserError } from "../errors.ts";
import type { JobDocument } from "../job/document.ts";
import type { Plan } from "../job/plan.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { Divergence, RoundRecord, TaskTrace } from "../result/run-record.ts";
import { endOf, isSpent, numbered, readDecisions, resultKeys } from "./decisions.ts";
import type { ResultManifest } from "./finish.ts";
import { keys } from "./keys.ts";
import { readManifest } from "./manifest.ts";
import { unseal } from "./sealed.ts";

export interface StoredJob {
  readonly document: JobDocument;
  readonly plan: Plan;
}

/** Reads a job's document and plan; undefined when the store has no such job. */
export async function readJob(store: ObjectStore, job: string): Promise<StoredJob | undefined> {
  const [document, plan] = await Promise.all([
    readSealed<JobDocument>(store, keys.spec(job)),
    readSealed<Plan>(store, keys.plan(job)),
  ]);
  return document && plan && { document, plan };
}

/** What a job came to; undefined while it has no result. */
export async function readResult(store: ObjectStore, job: string): Promise<ResultManifest | undefined> {
  return readJson(store, keys.result(job, "manifest.json"));
}

/**
 * The result that a job has now, and the keys of its files: its last one; or, of a job that has spent its budget, the model
 * so far, until another budget is set. `bytes` are those of its manifest. Undefined where there is neither.
 */
export async function readNewestResult(store: ObjectStore, job: string) {
  const read = async (keyOf: (file: string) => string) => {
    const bytes = await store.get(keyOf("manifest.json"));
    return bytes && { result: JSON.parse(Buffer.from(bytes).toString()) as ResultManifest, bytes, keyOf };
  };
  const last = await read(resultKeys(job, undefined));
  if (last) return last;
  const end = endOf(await readDecisions(store, job));
  return isSpent(end) ? read(resultKeys(job, end)) : undefined;
}

/** Whether a job has come to its end, as far as it may go: a result, or the decision that there will be none. */
export async function isOver(store: ObjectStore, job: string): Promise<boolean> {
  const prefix = keys.decisions(job);
  const [result, decided] = await Promise.all([store.head(keys.result(job, "manifest.json")), store.list(prefix)]);
  const names = decided.map(({ key }) => key.slice(prefix.length));
  if (result || names.includes("failed")) return true;
  const budgets = names.filter((name) => name.startsWith("budget-")).length;
  // Somebody may have ended it for good meanwhile; then its result is still to come.
  if (names.includes("cancel") || names.includes("stop")) return false;
  if (budgets === 0 || !names.includes(numbered("spent", budgets))) return false;
  return (await store.head(keys.stopped(job, budgets, "manifest.json"))) !== undefined;
}

/** All closed rounds, with what their tasks measured of themselves. */
export async function readRounds(store: ObjectStore, job: string): Promise<RoundRecord[]> {
  const rounds: RoundRecord[] = [];
  for (;;) {
    const round = await readRound(store, job, rounds.length);
    if (!round) return rounds;
    rounds.push(round);
  }
}

/** One round; undefined while it is not closed. */
export async function readRound(store: ObjectStore, job: string, round: number): Promise<RoundRecord | undefined> {
  const [closed, traces] = await Promise.all([
    readManifest(store, job, round),
    readJson<TaskTrace[]>(store, keys.trace(job, round)),
  ]);
  if (!closed) return undefined;
  const { trainLoss, metrics } = closed.manifest;
  return {
    round,
    manifestHash: closed.hash,
    trainLoss: trainLoss ?? undefined,
    metrics: metrics ?? undefined,
    traces: (traces ?? []).filter((trace) => trace !== null),
  };
}

export async function readDivergences(store: ObjectStore, job: string): Promise<Divergence[]> {
  const found = await store.list(keys.divergences(job));
  const divergences = await Promise.all(found.map(({ key }) => readJson<Divergence>(store, key)));
  return divergences.filter((divergence) => divergence !== undefined);
}

export async function readDatasetManifest(store: ObjectStore, hash: string): Promise<DatasetManifest> {
  const key = `datasets/${hash}/manifest.json`;
  const manifest = await readJson<DatasetManifest>(store, key);
  if (!manifest) throw new UserError(`The dataset ${key} is gone; it was removed while the job still needed it.`, 1);
  return manifest;
}

async function readSealed<T extends object>(store: ObjectStore, key: string): Promise<T | undefined> {
  const bytes = await store.get(key);
  return bytes && unseal<T>(key, bytes);
}

async function readJson<T>(store: ObjectStore, key: string): Promise<T | undefined> {
  const bytes = await store.get(key);
  return bytes && (JSON.parse(Buffer.from(bytes).toString()) as T);
}
