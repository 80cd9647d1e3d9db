import { concurrently } from "../data/concurrently.ts";
import { UserError } from "../errors.ts";
import type { ObjectInfo, ObjectStore } from "../ports/object-store.ts";
import { readDecisions } from "./decisions.ts";
import type { ResultManifest } from "./finish.ts";
import { keyPrefixes, keys } from "./keys.ts";
import { findHead, readManifest } from "./manifest.ts";
import { readJob, readResult, type StoredJob } from "./run-record.ts";

/**
 * Rounds behind the head that stay. Nobody needs them: a late task sees that its round is closed. They are room for
 * whoever is reading one just now, such as `trivet diff`.
 */
const roundsBehindHead = 2;
/** A dataset is stored before the first job that names it; whoever does that is done long before it has this age. */
const datasetAgeMs = 24 * 3600_000;
const parallelDeletes = 16;

/** The states in which nothing more can be trained: with a result, and no way to go on. */
const ended: ReadonlySet<ResultManifest["state"]> = new Set(["finished", "stopped-early", "cancelled"]);

/** Objects that nobody needs any more. */
export interface Garbage {
  /** The job that stored them, or the dataset that they are. */
  readonly of: string;
  /** Why they may go, or what of it stays, for people. */
  readonly note: string;
  readonly objects: readonly ObjectInfo[];
}

/**
 * Models and updates of rounds that nobody needs any more. A job with a result needs none. Any other keeps its head, from
 * which it goes on, two rounds behind it, and the models that may become its result. Documents, plans, manifests, traces and
 * results are never garbage. `job`: of that one alone.
 */
export async function findGarbage(store: ObjectStore, job?: string): Promise<Garbage[]> {
  // Listed before the heads are read: a job that goes on meanwhile only moves away from what is found here.
  const objects = await store.list(job === undefined ? keyPrefixes.rounds : `${keyPrefixes.rounds}${job}/`);
  const byJob = Map.groupBy(objects, ({ key }) => key.split("/")[1]!);
  const found = await concurrently([...byJob], 8, async ([name, objects]) => garbageOf(store, name, objects));
  return found.filter(({ objects }) => objects.length > 0);
}

async function garbageOf(store: ObjectStore, job: string, objects: readonly ObjectInfo[]): Promise<Garbage> {
  const result = await readResult(store, job);
  if (result && ended.has(result.state)) return { of: job, note: `${result.state}; the result stays`, objects };
  try {
    const stored = await readJob(store, job);
    // Whoever removed a job's folder by hand wanted it to be gone.
    if (!stored) return { of: job, note: "there is no such job any more", objects };
    const { head, models } = await neededBy(store, stored);
    const kept = objects.filter(
      ({ key }) =>
        roundOf(key) >= head - roundsBehindHead || models.some((round) => key.startsWith(keys.models(job, round))),
    );
    const note = `not ended; what it needs to go on from round ${head} stays`;
    return { of: job, note, objects: objects.filter((object) => !kept.includes(object)) };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { of: job, note: error.message, objects: [] };
  }
}

/** Where a job goes on, and the rounds whose starting weights may become its result. */
async function neededBy(
  store: ObjectStore,
  { document, plan: { job } }: StoredJob,
): Promise<{ head: number; models: number[] }> {
  const head = await findHead(store, job);
  const last = head > 0 ? await readManifest(store, job, head - 1) : undefined;
  const decided = (await readDecisions(store, job)).find(({ name }) => name === "result");
  const best = document.training.earlyStop ? last?.manifest.best?.round : undefined;
  const models = [best, decided?.round].filter((round) => round !== undefined);
  return { head, models };
}

/** `rounds/<job>/<round>/...` */
function roundOf(key: string): number {
  return Number(key.split("/")[2]);
}

/** Datasets that no job of the store was trained on, a day old at least. Throws `UserError` where a plan cannot be read. */
export async function findUnusedDatasets(store: ObjectStore, nowMs: number): Promise<Garbage[]> {
  const [objects, files] = await Promise.all([store.list(keyPrefixes.datasets), store.list(keyPrefixes.jobs)]);
  const jobs = files.filter(({ key }) => key.endsWith("/plan.json")).map(({ key }) => key.split("/")[1]!);
  const plans = await concurrently(jobs, 8, (job) => readJob(store, job));
  const used = new Set(plans.map((stored) => stored?.plan.datasetHash));
  return [...Map.groupBy(objects, ({ key }) => key.split("/")[1]!)]
    .filter(([hash]) => !used.has(hash))
    .filter(([, objects]) => objects.every(({ createdAtMs }) => nowMs - createdAtMs > datasetAgeMs))
    .map(([hash, objects]) => ({ of: `dataset ${hash.slice(0, 12)}`, note: "no job was trained on it", objects }));
}

/** Removes what was found. A dataset's manifest, which says that all of it is there, goes first. */
export async function removeGarbage(store: ObjectStore, garbage: readonly Garbage[]): Promise<void> {
  for (const { objects } of garbage) {
    const [manifests, others] = [true, false].map((first) =>
      objects.filter(({ key }) => key.endsWith("/manifest.json") === first),
    );
    for (const { key } of manifests!) await store.delete(key);
    await concurrently(others!, parallelDeletes, ({ key }) => store.delete(key));
  }
}
