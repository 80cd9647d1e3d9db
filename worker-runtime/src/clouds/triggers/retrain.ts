import { UserError } from "../../errors.ts";
import { canonicalJson, sha256 } from "../../hash.ts";
import type { JobDocument } from "../../job/document.ts";
import type { Plan } from "../../job/plan.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ObjectInfo, ObjectStore } from "../../ports/object-store.ts";
import type { TaskQueue } from "../../ports/task-queue.ts";
import { type Budget, setBudget } from "../../protocol/budget.ts";
import { budgetOf, readDecisions } from "../../protocol/decisions.ts";
import { findNewestJob, nameOfRun } from "../../protocol/find-job.ts";
import { keys } from "../../protocol/keys.ts";
import { isOver, readJob, type StoredJob } from "../../protocol/run-record.ts";
import { submit } from "../../protocol/submit.ts";

export interface RetrainParts {
  readonly store: ObjectStore;
  readonly queue: TaskQueue;
  readonly clock: Clock;
}

/**
 * What one firing came to, committed under the firing's key before it is acted on: whoever gets the same message again
 * finds it, and starts the same run, which is harmless. `failed`: why it started none.
 */
export type Retraining =
  | { readonly document: JobDocument; readonly plan: Plan; readonly budget?: Budget }
  | { readonly failed: string };

/**
 * Starts the newest job of that name once more, on all objects under `incoming/<name>/` or, where there are none, on the
 * data that it had. `schedule` names a firing: it always means a new run. Without it, only data that the job has not been
 * trained on does: the firing is then what is stored there.
 */
export async function retrain(parts: RetrainParts, name: string, schedule?: string): Promise<Retraining> {
  const { store, queue, clock } = parts;
  const objects = await listIncoming(store, name);
  const key = keys.retraining(name, schedule ?? firingOf(objects));
  const retraining = await decideOnce(store, key, () => decide(store, name, objects, schedule !== undefined));
  if ("plan" in retraining && !(await isOver(store, retraining.plan.job))) {
    const { document, plan, budget } = retraining;
    if (budget) await setBudget(store, plan.job, budget);
    await submit(store, queue, clock.nowMs(), document, plan);
  }
  return retraining;
}

/** Ends a firing that nobody came to the end of. What has been decided before stays. */
export async function giveUp(
  { store }: Pick<RetrainParts, "store">,
  name: string,
  schedule: string | undefined,
  reason: string,
) {
  const objects = await listIncoming(store, name);
  return decideOnce(store, keys.retraining(name, schedule ?? firingOf(objects)), async () => ({ failed: reason }));
}

/** Without the empty objects by which consoles show folders. */
async function listIncoming(store: ObjectStore, name: string): Promise<ObjectInfo[]> {
  return (await store.list(keys.incoming(name))).filter(({ key }) => !key.endsWith("/"));
}

function firingOf(objects: readonly ObjectInfo[]): string {
  return `data-${sha256(canonicalJson(objects)).slice(0, 32)}`;
}

async function decideOnce(store: ObjectStore, key: string, decide: () => Promise<Retraining>): Promise<Retraining> {
  const read = async () => {
    const bytes = await store.get(key);
    return bytes && (JSON.parse(Buffer.from(bytes).toString()) as Retraining);
  };
  const known = await read();
  if (known) return known;
  await store.putIfAbsent(key, Buffer.from(canonicalJson(await decide())));
  return (await read())!;
}

async function decide(
  store: ObjectStore,
  name: string,
  objects: readonly ObjectInfo[],
  again: boolean,
): Promise<Retraining> {
  try {
    const job = await findNewestJob(store, name);
    const stored = job === undefined ? undefined : await readJob(store, job);
    if (!stored) throw new UserError(`There is no job ${name} in this store. Submit it once with \`trivet submit\`.`);
    const plan = objects.length > 0 ? await planOn(store, stored, objects, keys.incoming(name)) : stored.plan;
    // What a run may cost, each of its further runs may.
    const budget = budgetOf(await readDecisions(store, stored.plan.job))?.budget;
    return { document: stored.document, plan: again ? await nextRun(store, plan) : plan, ...(budget && { budget }) };
  } catch (error) {
    // What a person must mend would be the same at every try.
    if (error instanceof UserError && error.exitCode !== 3) return { failed: error.message };
    throw error;
  }
}

/** What training on the objects means. Readers and models are loaded only now. */
async function planOn(store: ObjectStore, stored: StoredJob, objects: readonly ObjectInfo[], prefix: string) {
  const [{ makeIncomingDataset }, { openModel }, { makePlan }] = await Promise.all([
    import("./incoming-dataset.ts"),
    import("../../models/index.ts"),
    import("../../job/make-plan.ts"),
  ]);
  const dataset = await makeIncomingDataset(store, stored, objects, prefix);
  const { model } = await openModel(stored.document, dataset.manifest.encoding);
  return makePlan(stored.document, dataset, model);
}

/**
 * The plan under the first name that is free. Two firings at once may take the same name: then one run, of the same document
 * on the same data, serves both.
 */
async function nextRun(store: ObjectStore, plan: Plan): Promise<Plan> {
  for (let run = 1; ; run++) {
    const job = nameOfRun(plan.job, run);
    if (!(await store.head(keys.plan(job)))) return { ...plan, job };
  }
}
