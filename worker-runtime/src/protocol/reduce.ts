import { codecs } from "../codec/index.ts";
import { UserError } from "../errors.ts";
import { sha256 } from "../hash.ts";
import type { TaskTrace } from "../result/run-record.ts";
import { decodeHead, decodeParts, encodeBundle, headBytes, partsRange } from "./bundle.ts";
import { closeRound } from "./close-round.ts";
import { commitBundle } from "./commit.ts";
import type { Context } from "./context.ts";
import { keys } from "./keys.ts";
import { encodeModelShard, readModelShard, shardLength } from "./model-shards.ts";
import { addReports, type RoundSums } from "./round-sums.ts";
import { isTooLate } from "./too-late.ts";
import { traceOf } from "./trace.ts";
import { type UpdateReport, updateLayout } from "./update.ts";

/** What a model shard says besides its weights; part of its hash. */
export interface ModelReport {
  readonly round: number;
  readonly shard: number;
  /** SHA-256 over the hashes of the parts that were summed, in rank order: links a model to the updates it came from. */
  readonly inputs?: string;
  /** Shard 0 alone reads the workers' reports. */
  readonly sums?: RoundSums;
}

/**
 * How many updates are fetched ahead while one is summed: bounds the memory, whatever the number of workers. Parts of large
 * models fill a function's bandwidth by fours; with small ones the time is all waiting.
 */
const prefetch = (partBytes: number) => Math.min(16, Math.max(4, Math.floor(2 ** 22 / partBytes)));

/**
 * Makes one shard of the next round's model: the mean of all workers' updates, and the outer optimizer's step on it. False
 * while other shards are missing.
 */
export async function runReduce(context: Context, round: number, shard: number): Promise<boolean> {
  const key = keys.model(context.job, round + 1, shard);
  const [made, late] = await Promise.all([context.store.head(key), isTooLate(context, round)]);
  if (!made) {
    if (late) return true;
    await commitBundle(context, key, await makeShard(context, round, shard));
  }
  return closeRound(context, round);
}

async function makeShard(context: Context, round: number, shard: number): Promise<Uint8Array> {
  const { plan, job, learner } = context;
  const loadedMs = learner.loadMs;
  const count = shardLength(plan, shard);
  const mean = new Float64Array(count);
  const hashes: string[] = [];
  const reports: UpdateReport[] = [];
  const traces: TaskTrace[] = [];
  const before = readModelShard(context, round, shard);
  // As with the updates below: a failure is reported when its turn comes, and must not count as unhandled until then.
  before.catch(() => {});
  for await (const { report, trace, part, hash } of updatesInOrder(context, round, shard)) {
    const values = codecs[plan.codec].decode(part, count);
    for (let i = 0; i < count; i++) mean[i]! += values[i]!;
    hashes.push(hash);
    if (report) reports.push(report);
    if (trace) traces.push(trace);
  }
  for (let i = 0; i < count; i++) mean[i]! /= plan.workers;
  const next = outerStep(context, await before, mean);
  if (!next.weights.every(Number.isFinite))
    throw new UserError(
      `The weights became infinite at the end of round ${round}: the training diverged. ` +
        "Lower rounds.outer.learningRate or training.learningRate.",
      1,
    );
  const report: ModelReport = {
    round: round + 1,
    shard,
    inputs: sha256(Buffer.from(hashes.join(""), "hex")),
    ...(shard === 0 && { sums: addReports(reports) }),
  };
  const parts = encodeModelShard(plan, next);
  const trace = traceOf(context, "reduce", round, shard, loadedMs, parts);
  if (shard === 0)
    await context.store.putIfAbsent(keys.trace(job, round), Buffer.from(JSON.stringify([...traces, trace])));
  return encodeBundle({ report, trace, parts });
}

/**
 * Nesterov's momentum on the mean update (Sutskever et al. 2013, as DiLoCo uses it): v = m v + d, w = w - lr (d + m v).
 * Doubles in a fixed order, rounded once: the same bits wherever it runs.
 */
function outerStep(
  { document }: Context,
  before: { readonly weights: Float32Array; readonly momentum: Float32Array },
  mean: Float64Array,
) {
  const { learningRate, momentum: decay } = document.rounds.outer;
  const weights = new Float32Array(mean.length);
  const momentum = new Float32Array(mean.length);
  for (let i = 0; i < mean.length; i++) {
    const velocity = Math.fround(decay * before.momentum[i]! + mean[i]!);
    momentum[i] = velocity;
    weights[i] = before.weights[i]! - learningRate * (mean[i]! + decay * velocity);
  }
  return { weights, momentum };
}

/** This shard's part of each update, in rank order; the reports and traces come along with shard 0. */
async function* updatesInOrder(context: Context, round: number, shard: number) {
  const { plan, job, store } = context;
  const layout = updateLayout(plan, round);
  const withHead = shard === 0;
  const fetch = async (worker: number) => {
    const key = keys.update(job, round, worker);
    const bytes = await store.get(key, partsRange(layout, shard, shard, withHead));
    if (!bytes) throw new UserError(`The object ${key} is gone; it was removed while the job still needed it.`, 1);
    const head = withHead ? decodeHead(key, bytes) : undefined;
    const [decoded] = decodeParts(key, withHead ? bytes.subarray(headBytes) : bytes, [layout[shard]!]);
    return {
      report: head?.report as UpdateReport | undefined,
      trace: (head?.trace ?? undefined) as TaskTrace | undefined,
      ...decoded!,
    };
  };
  const waiting: ReturnType<typeof fetch>[] = [];
  const ahead = prefetch(layout[shard]!);
  for (let worker = 0; worker < plan.workers + ahead; worker++) {
    if (worker < plan.workers) {
      const update = fetch(worker);
      // A failure is reported when its turn comes; until then it must not count as unhandled.
      update.catch(() => {});
      waiting.push(update);
    }
    if (worker >= ahead) yield await waiting.shift()!;
  }
}
