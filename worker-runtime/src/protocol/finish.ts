import { canonicalJson, sha256 } from "../hash.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { metricsLines } from "../result/metrics.ts";
import { renderReport } from "../result/report.ts";
import type { RunRecord } from "../result/run-record.ts";
import { eventFile } from "../result/tensorboard.ts";
import type { Context } from "./context.ts";
import { DamagedObject } from "./damaged.ts";
import { type Decision, decide, readDecisions } from "./decisions.ts";
import { keys } from "./keys.ts";
import type { ResultFile } from "./learner.ts";
import { findHead, readManifest } from "./manifest.ts";
import { readWeights } from "./model-shards.ts";
import { readDatasetManifest, readDivergences, readRounds } from "./run-record.ts";

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
  if (decisions.some(({ name }) => name === "failed")) return;
  const round = await decideResult(context, decisions);
  const weights = await readWeights(context, round);
  const weightsHash = sha256(new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength));
  const record = await makeRecord(context, decisions, round, weightsHash);
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
    files: await storeAll(context, files),
  };
  await store.putIfAbsent(keys.result(job, "manifest.json"), Buffer.from(`${canonicalJson(manifest)}\n`));
}

/**
 * Which round's starting weights are the result. Written down before it is used: after a cancel one execution may see a
 * round more than another, and the files of one result must come from one round.
 */
async function decideResult(context: Context, decisions: readonly Decision[]): Promise<number> {
  const { store, job, plan, document } = context;
  const known = decisions.find(({ name }) => name === "result");
  if (known) return known.round!;
  const closed = await findHead(store, job);
  const last = closed > 0 ? await readManifest(store, job, closed - 1) : undefined;
  const best = document.training.earlyStop ? last?.manifest.best?.round : undefined;
  await decide(store, job, "result", { round: best ?? Math.min(closed, plan.rounds), reason: best ? "best" : "last" });
  return (await readDecisions(store, job, ["result"])).find(({ name }) => name === "result")!.round!;
}

async function makeRecord(
  { store, job, document, plan, learner }: Context,
  decisions: readonly Decision[],
  resultRound: number,
  weightsHash: string,
): Promise<RunRecord> {
  const [rounds, divergences, manifest] = await Promise.all([
    readRounds(store, job),
    readDivergences(store, job),
    readDatasetManifest(store, plan.datasetHash),
  ]);
  const stop = decisions.find(({ name }) => name === "stop" || name === "cancel");
  const state = stop === undefined ? "finished" : stop.name === "stop" ? "stopped-early" : "cancelled";
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
  };
}

/** Stores the files; gives the hash of each as it is stored. */
async function storeAll({ store, job }: Context, files: readonly ResultFile[]): Promise<Record<string, string>> {
  const entries = files.map(async ({ name, bytes }) => {
    const key = keys.result(job, name);
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
