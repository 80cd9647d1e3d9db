import { UserError } from "../errors.ts";
import { canonicalJson, sha256 } from "../hash.ts";
import { isOverBudget } from "./budget.ts";
import { decodeHead, headRange } from "./bundle.ts";
import { type Context, once, send } from "./context.ts";
import { decide, endOf, readDecisions } from "./decisions.ts";
import { keys, rankOf } from "./keys.ts";
import { encodeManifest, type Manifest, readManifest } from "./manifest.ts";
import { shards } from "./model-shards.ts";
import type { ModelReport } from "./reduce.ts";
import { addReports, type RoundSums } from "./round-sums.ts";
import { sendRound } from "./send-round.ts";
import { trains, type UpdateReport } from "./update.ts";

/** Writes the round's manifest when all that it stands for is stored, and starts what comes next. False: not yet. */
export async function closeRound(context: Context, round: number): Promise<boolean> {
  if (!(await isComplete(context, round))) return false;
  const [made, before] = await Promise.all([
    trains(context.plan, round) ? readShardHeads(context, round) : readSums(context, round),
    round === 0 ? undefined : readManifest(context.store, context.job, round - 1),
  ]);
  const manifest = makeManifest(context, round, made.shards, made.sums, before);
  const answer = await context.store.putIfAbsent(keys.manifest(context.job, round), encodeManifest(manifest));
  // Whoever creates the manifest sends what follows. If that one dies first, its own message comes again (attempt > 1)
  // and sends it then. So a duplicate here need not.
  if (answer === "created") await startNext(context, manifest);
  else if (context.attempt > 1)
    await once(context, keys.nextHint(context.job, round), () => startNext(context, manifest));
  return true;
}

/** After a round: the next one, or the result. Whatever ends the job here is decided before anybody acts on it. */
export async function startNext(context: Context, manifest: Manifest): Promise<void> {
  const stops = await stopIfDue(context, manifest);
  const { plan, store, job } = context;
  if (stops || !trains(plan, manifest.round)) return send(context, [{ kind: "finish" }]);
  const next = manifest.round + 1;
  const decisions = await readDecisions(store, job);
  if (endOf(decisions) || (await isOverBudget(context, decisions, next))) return send(context, [{ kind: "finish" }]);
  await sendRound(context, next);
}

/**
 * Whether the job was to stop early before this round. Everybody who comes to the round asks again, and has the same answer
 * from the same manifest: who completed the round before may have died before it wrote the decision down.
 */
export async function wasToStop(context: Context, round: number): Promise<boolean> {
  if (round === 0 || !context.document.training.earlyStop) return false;
  const before = await readManifest(context.store, context.job, round - 1);
  return before !== undefined && stopIfDue(context, before.manifest);
}

async function stopIfDue({ store, job, document, plan, learner }: Context, manifest: Manifest): Promise<boolean> {
  const { patience } = document.training.earlyStop ?? {};
  const isDue = patience !== undefined && (manifest.best?.since ?? 0) >= patience && trains(plan, manifest.round);
  if (isDue)
    await decide(store, job, "stop", {
      round: manifest.round,
      reason: `${learner.primary.metric} has not improved in ${patience} measurements`,
    });
  return isDue;
}

function makeManifest(
  context: Context,
  round: number,
  made: Manifest["shards"],
  sums: RoundSums,
  before: Awaited<ReturnType<typeof readManifest>>,
): Manifest {
  const { learner, job, plan } = context;
  if (round > 0 && !before) throw new UserError(`The manifest of round ${round - 1} of ${job} is gone.`, 1);
  const metrics = sums.held ? learner.metrics(sums.held) : null;
  return {
    version: 1,
    round,
    parent: before?.hash ?? sha256(canonicalJson(plan)),
    shards: made,
    numerics: plan.numerics,
    trainLoss: sums.steps > 0 ? sums.lossSum / sums.steps : null,
    metrics,
    best: bestSoFar(context, round, metrics?.[learner.primary.metric], before?.manifest.best ?? null),
  };
}

function bestSoFar(
  context: Context,
  round: number,
  value: number | undefined,
  best: Manifest["best"],
): Manifest["best"] {
  if (value === undefined) return best;
  const sign = context.learner.primary.better === "higher" ? 1 : -1;
  if (!best || sign * value > sign * best.value) return { round, value, since: 0 };
  return { ...best, since: best.since + 1 };
}

/** Whether all shards of the next model are there. The last round makes none; who asks has seen all of its updates. */
async function isComplete({ store, job, plan }: Context, round: number): Promise<boolean> {
  if (!trains(plan, round)) return true;
  const prefix = keys.models(job, round + 1);
  const found = (await store.list(prefix)).filter(({ key }) => rankOf(key, prefix) !== undefined);
  return found.length >= plan.reducers;
}

/** What the heads of the next model's shards say. */
async function readShardHeads({ store, job, plan }: Context, round: number) {
  const heads = await Promise.all(
    shards(plan).map(async (shard) => {
      const key = keys.model(job, round + 1, shard);
      return decodeHead(key, (await store.get(key, headRange))!);
    }),
  );
  const reports = heads.map(({ report }) => report as ModelReport);
  return {
    shards: heads.map(({ contentHash }, i) => ({ content: contentHash, inputs: reports[i]!.inputs! })),
    sums: reports[0]!.sums!,
  };
}

/** The last round has no reduce: whoever sees it complete adds up the reports, and stores the traces. */
async function readSums(context: Context, round: number): Promise<{ shards: Manifest["shards"]; sums: RoundSums }> {
  const { store, job, plan } = context;
  const heads = await Promise.all(
    Array.from({ length: plan.workers }, async (_, worker) => {
      const key = keys.update(job, round, worker);
      return decodeHead(key, (await store.get(key, headRange))!);
    }),
  );
  await store.putIfAbsent(keys.trace(job, round), Buffer.from(JSON.stringify(heads.map(({ trace }) => trace))));
  return { shards: [], sums: addReports(heads.map(({ report }) => report as UpdateReport)) };
}
