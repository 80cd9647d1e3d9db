import { datasetSize } from "../cost/forecast.ts";
import { jobCost } from "../cost/job-cost.ts";
import { listPrices } from "../cost/prices.ts";
import { canonicalJson, sha256 } from "../hash.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { metricsLines } from "../result/metrics.ts";
import { renderReport } from "../result/report.ts";
import type { RunRecord } from "../result/run-record.ts";
import { eventFile } from "../result/tensorboard.ts";
import { readRepeats } from "./budget.ts";
import type { Context } from "./context.ts";
import { DamagedObject } from "./damaged.ts";
import { budgetOf, type Decision, decide, endOf, isSpent, readDecisions, resultKeys } from "./decisions.ts";
import { keys } from "./keys.ts";
import type { ResultFile } from "./learner.ts";
import { findHead, readManifest } from "./manifest.ts";
import { readWeights } from "./model-shards.ts";
import { readDatasetManifest, readDivergences, readRounds } from "./run-record.ts";
import { sendLook } from "./send-round.ts";

/** `result/manifest.json`: written last, so that a result that has one is whole. */
export interface ResultManifest {
  readonly version: 1;
  readonly job: string;
  readonly state: RunRecord["outcome"]["state"];
  readonly reason?: string;
  readonly round: number;
  readonly weightsHash: string;
  /** SHA-256 of the last round's manifest, which stands for the whole training; of plan.json where no round is complete. */
  readonly chainHash: string;
  readonly metrics: Readonly<Record<string, number>>;
  /** SHA-256 of each file beside this one. */
  readonly files: Readonly<Record<string, string>>;
}

/** Exports the result: the model in formats that people load, metrics, report, and a manifest of it all. */
export async function runFinish(context: Context): Promise<void> {
  const { store, job, learner } = context;
  if (await store.head(keys.result(job, "manifest.json"))) return;
  const decisions = await readDecisions(store, job, ["stop", "cancel", "failed", "result"]);
  const end = endOf(decisions);
  if (end?.name === "failed") return;
  const keyOf = resultKeys(job, end);
  if (isSpent(end) && (await store.head(keyOf("manifest.json")))) return;
  const closed = isSpent(end) ? end!.round! : await findHead(store, job);
  // A budget that was spent, until another was set; or a list comes late. Whoever looks at the round finds out.
  if (!end && closed <= context.plan.rounds) return sendLook(context, closed, 1);
  const round = await decideResult(context, decisions, end, closed);
  const weights = await readWeights(context, round);
  const weightsHash = sha256(new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength));
  const record = await makeRecord(context, decisions, end, round, weightsHash);
  const files: ResultFile[] = [
    ...(await learner.exportModel(weights)),
    { name: "job.json", bytes: Buffer.from(canonicalJson(context.document)) },
    { name: "metrics.jsonl", bytes: Buffer.from(metricsLines(record)) },
    { name: "events.out.tfevents.trivet", bytes: eventFile(record) },
    { name: "report.html", bytes: Buffer.from(renderReport(record)) },
  ];
  const manifest: ResultManifest = {
    version: 1,
    job,
    state: record.outcome.state,
    ...(record.outcome.reason && { reason: record.outcome.reason }),
    round,
    weightsHash,
    chainHash: record.rounds.at(-1)?.manifestHash ?? sha256(canonicalJson(context.plan)),
    metrics: record.metrics,
    files: await storeAll(context, files, keyOf),
  };
  await store.putIfAbsent(keyOf("manifest.json"), Buffer.from(`${canonicalJson(manifest)}\n`));
}

/**
 * Which round's starting weights are the result. Written down before it is used: after a cancel one execution may see a
 * round more than another, and the files of one result must come from one round. A spent budget has its round already.
 */
async function decideResult(
  context: Context,
  decisions: readonly Decision[],
  end: Decision | undefined,
  closed: number,
): Promise<number> {
  const { store, job, plan, document } = context;
  const known = decisions.find(({ name }) => name === "result");
  if (known) return known.round!;
  const last = closed > 0 ? await readManifest(store, job, closed - 1) : undefined;
  const best = document.training.earlyStop ? last?.manifest.best?.round : undefined;
  if (isSpent(end)) return best ?? closed;
  await decide(store, job, "result", { round: best ?? Math.min(closed, plan.rounds), reason: best ? "best" : "last" });
  return (await readDecisions(store, job, ["result"])).find(({ name }) => name === "result")!.round!;
}

async function makeRecord(
  { store, job, document, plan, learner }: Context,
  decisions: readonly Decision[],
  end: Decision | undefined,
  resultRound: number,
  weightsHash: string,
): Promise<RunRecord> {
  const [rounds, repeats, divergences, manifest] = await Promise.all([
    readRounds(store, job),
    readRepeats(store, job),
    readDivergences(store, job),
    readDatasetManifest(store, plan.datasetHash),
  ]);
  const dataset = datasetSize(manifest, canonicalJson(manifest).length);
  const budget = budgetOf(decisions)?.budget.dollars;
  const stop = isSpent(end) ? end : decisions.find(({ name }) => name === "stop" || name === "cancel");
  const state = isSpent(stop)
    ? "out-of-budget"
    : stop
      ? stop.name === "stop"
        ? "stopped-early"
        : "cancelled"
      : "finished";
  return {
    job,
    document,
    plan,
    dataset: {
      hash: plan.datasetHash,
      trainExamples: manifest.train.examples,
      heldOutExamples: manifest.heldOut.examples,
      skippedRows: manifest.skippedRows,
    },
    outcome: { state, ...(stop && { reason: stop.reason }) },
    resultRound,
    primaryMetric: learner.primary.metric,
    metrics: rounds[resultRound]?.metrics ?? {},
    weightsHash,
    rounds,
    divergences,
    cost: jobCost({ plan, rounds, repeats, dataset }, listPrices),
    ...(budget !== undefined && { budget }),
  };
}

/** Stores the files; gives the hash of each as it is stored. */
async function storeAll(
  { store }: Context,
  files: readonly ResultFile[],
  keyOf: (file: string) => string,
): Promise<Record<string, string>> {
  const entries = files.map(async ({ name, bytes }) => {
    const key = keyOf(name);
    const created = (await store.putIfAbsent(key, bytes)) === "created";
    return [name, created ? sha256(bytes) : await hashOfStored(store, key)] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

/**
 * Report and events hold times, so another execution's files may differ from ours: what is stored is what counts. No hash
 * tells whether such a file was read well; two reads that agree do.
 */
async function hashOfStored(store: ObjectStore, key: string): Promise<string> {
  const [first, second] = await Promise.all([store.get(key), store.get(key)]);
  if (!first || !second || !Buffer.from(first).equals(second)) throw new DamagedObject(key);
  return sha256(first);
}
