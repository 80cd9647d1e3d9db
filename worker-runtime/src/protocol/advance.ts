import type { ObjectInfo } from "../ports/object-store.ts";
import { isOverBudget } from "./budget.ts";
import { encodeBundle } from "./bundle.ts";
import { closeRound, startNext, wasToStop } from "./close-round.ts";
import { commitBundle } from "./commit.ts";
import { type Context, once, send } from "./context.ts";
import { endOf, isSpent, readDecisions, resultKeys } from "./decisions.ts";
import { keys, rankOf } from "./keys.ts";
import { readManifest } from "./manifest.ts";
import type { Task } from "./messages.ts";
import { encodeModelShard, shardBounds, shards } from "./model-shards.ts";
import { runReduce } from "./reduce.ts";
import { sendLook } from "./send-round.ts";
import { trains } from "./update.ts";

/** A stage is late when it takes this many times as long as its tasks took in the median. */
const lateness = 3;
/** Longer than a message stays hidden from others while somebody works on it. */
const silenceMs = 30 * 60_000;

/**
 * After every update: is the round complete, and what comes next? A small model is reduced right here; for a large one a
 * task is sent for each shard.
 */
export async function advanceRound(context: Context, round: number): Promise<void> {
  const { plan, store, job, attempt } = context;
  if ((await missingUpdates(context, round)).missing.length > 0) return;
  if (!trains(plan, round)) return void (await closeRound(context, round));
  if (plan.reducers === 1) return void (await runReduce(asTaskOfItsOwn(context), round, 0));
  if (await store.head(keys.manifest(job, round))) return;
  // Several may see the round complete at once. The hint keeps all but one of them from sending every reduce again; it
  // decides nothing, since a redelivery (attempt > 1) and the round's delayed `advance` send without asking it.
  const hint = await store.putIfAbsent(keys.reduceHint(job, round), new Uint8Array(0));
  if (hint === "created" || attempt > 1) await send(context, reduceTasks(round, shards(plan)));
}

/** A reduce right after a step has its own trace, as if it had come by a message. */
function asTaskOfItsOwn(context: Context): Context {
  const { startUpMs: _, ...rest } = context;
  return { ...rest, cold: false, store: context.store.anew(), startedAtMs: context.clock.nowMs(), queueMs: 0 };
}

/**
 * Looks at what is stored of a round and sends what is missing: at the start of a job and when it resumes (look 0), and
 * from time to time in each round, for stragglers and lost messages.
 */
export async function runAdvance(context: Context, round: number, look: number): Promise<void> {
  const { store, job, plan } = context;
  if (await store.head(keys.result(job, "manifest.json"))) return;
  const decisions = await readDecisions(store, job);
  const end = endOf(decisions);
  if (end) {
    if (isSpent(end) && (await store.head(resultKeys(job, end)("manifest.json")))) return;
    // A job that is cancelled before anybody began has its first model as the result.
    if (round === 0) await createFirstModel(context);
    return send(context, [{ kind: "finish" }]);
  }
  if (await store.head(keys.manifest(job, round))) {
    // Whoever closed the round sent what follows. That may have been this task itself, which then died (attempt > 1); or
    // a job is submitted anew, to a queue that may have lost everything (look 0). And who closed the round may have died
    // while a copy of its message was acknowledged: so unless somebody has been further, this look goes on to the next round.
    const goOn = async () => startNext(context, (await readManifest(store, job, round))!.manifest);
    if (look === 0) await goOn();
    else if (context.attempt > 1) await once(context, keys.nextHint(job, round), goOn);
    else if (!trains(plan, round)) await goOn();
    else if (!(await store.head(keys.manifest(job, round + 1)))) await runAdvance(context, round + 1, 1);
    return;
  }
  if (await wasToStop(context, round)) return send(context, [{ kind: "finish" }]);
  // Each look sends the next: where every message came twice, there would soon be no end of them.
  if (look > 0 && (await store.head(keys.lookHint(job, round, look)))) return;
  if (round === 0) await createFirstModel(context);
  const { present, missing, lastSignMs } = await missingUpdates(context, round);
  const startedAtMs = (await store.head(keys.model(job, round, 0)))?.createdAtMs ?? 0;
  if (missing.length > 0) {
    // Under a budget that was set since the round was begun, or where who closed the last one died before this was asked.
    if (await isOverBudget(context, decisions, round)) return send(context, [{ kind: "finish" }]);
    const steps: Task[] = missing.map((worker) => ({ kind: "step", round, worker }));
    const late = isLate(context, startedAtMs, Math.max(startedAtMs, lastSignMs), present, plan.workers);
    return resend(context, round, steps, look, late);
  }
  if (!trains(plan, round) || plan.reducers === 1) {
    const closed = await (trains(plan, round) ? runReduce(context, round, 0) : closeRound(context, round));
    return closed ? undefined : sendLook(context, round, look + 1);
  }
  const prefix = keys.models(job, round + 1);
  const made = await store.list(prefix);
  const ranks = new Set(made.map(({ key }) => rankOf(key, prefix)));
  const unmade = shards(plan).filter((shard) => !ranks.has(shard));
  if (unmade.length === 0 && (await closeRound(context, round))) return;
  const late = isLate(context, lastSignMs, lastCreatedMs(made, lastSignMs), made, plan.reducers);
  await resend(context, round, reduceTasks(round, unmade), look, late);
}

/** Sends the tasks when it is time to, and in any case looks again later. */
async function resend(
  context: Context,
  round: number,
  tasks: readonly Task[],
  look: number,
  late: boolean,
): Promise<void> {
  if (look === 0 || late) await send(context, tasks);
  await sendLook(context, round, look + 1);
  if (look > 0) await context.store.putIfAbsent(keys.lookHint(context.job, round, look), new Uint8Array(0));
}

/**
 * With half of the stage done, its median tells how long a task takes. Before that the queue's own redelivery must do,
 * unless nothing at all has been stored for so long that the messages themselves must be lost.
 */
function isLate(
  { clock }: Context,
  startedAtMs: number,
  lastSignMs: number,
  done: readonly ObjectInfo[],
  total: number,
): boolean {
  if (done.length < total / 2) return clock.nowMs() - lastSignMs > silenceMs;
  const durations = done.map(({ createdAtMs }) => createdAtMs - startedAtMs).sort((a, b) => a - b);
  const median = durations[Math.floor(durations.length / 2)]!;
  return clock.nowMs() - startedAtMs > lateness * median;
}

async function missingUpdates({ store, job, plan }: Context, round: number) {
  const prefix = keys.updates(job, round);
  const found = await store.list(prefix);
  const present = found.filter(({ key }) => rankOf(key, prefix) !== undefined);
  const ranks = new Set(present.map(({ key }) => rankOf(key, prefix)));
  const missing = Array.from({ length: plan.workers }, (_, worker) => worker).filter((worker) => !ranks.has(worker));
  // Paused tasks are among what is found: they too are a sign of life.
  return { present, missing, lastSignMs: lastCreatedMs(found, 0) };
}

function lastCreatedMs(objects: readonly ObjectInfo[], atLeastMs: number): number {
  return Math.max(atLeastMs, ...objects.map(({ createdAtMs }) => createdAtMs));
}

async function createFirstModel(context: Context): Promise<void> {
  const { plan, store, job } = context;
  const prefix = keys.models(job, 0);
  if ((await store.list(prefix)).length === plan.reducers) return;
  const weights = context.learner.initialWeights();
  for (const shard of shards(plan)) {
    const part = weights.subarray(...shardBounds(plan, shard));
    const parts = encodeModelShard(plan, { weights: part, momentum: new Float32Array(part.length) });
    const bundle = encodeBundle({ report: { round: 0, shard }, trace: { place: context.place }, parts });
    await commitBundle(context, keys.model(job, 0, shard), bundle);
  }
}

function reduceTasks(round: number, shardNumbers: readonly number[]): Task[] {
  return shardNumbers.map((shard) => ({ kind: "reduce", round, shard }));
}
