import { type DatasetSize, datasetSize } from "../cost/forecast.ts";
import { jobCost } from "../cost/job-cost.ts";
import { listPrices } from "../cost/prices.ts";
import { concurrently } from "../data/concurrently.ts";
import type { DatasetManifest } from "../data/types.ts";
import { UserError } from "../errors.ts";
import { canonicalJson } from "../hash.ts";
import { primaryOf } from "../models/index.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { readDecisions } from "../protocol/decisions.ts";
import { keys, rankOf } from "../protocol/keys.ts";
import { findHead } from "../protocol/manifest.ts";
import {
  readDatasetManifest,
  readDivergences,
  readJob,
  readNewestResult,
  readRound,
  type StoredJob,
} from "../protocol/run-record.ts";
import type { PageRecord, RoundRecord } from "../result/run-record.ts";

/** Rounds of a long job that are asked for at once. */
const parallelRounds = 16;

/** A job as a page shows it, read again and again: what is closed never changes, so each look asks only for what is new. */
export class LiveRecord {
  readonly #store: ObjectStore;
  readonly #stored: StoredJob;
  readonly #dataset: DatasetManifest;
  readonly #primaryMetric: string;
  readonly #rounds: RoundRecord[] = [];

  readonly #size: DatasetSize;

  private constructor(store: ObjectStore, stored: StoredJob, dataset: DatasetManifest, primaryMetric: string) {
    this.#store = store;
    this.#stored = stored;
    this.#dataset = dataset;
    this.#size = datasetSize(dataset, canonicalJson(dataset).length);
    this.#primaryMetric = primaryMetric;
  }

  /** Throws `UserError` for a job that does not exist. */
  static async open(store: ObjectStore, job: string): Promise<LiveRecord> {
    const stored = await readJob(store, job);
    if (!stored) throw new UserError(`There is no job ${job} in this store.`);
    const dataset = await readDatasetManifest(store, stored.plan.datasetHash);
    return new LiveRecord(store, stored, dataset, (await primaryOf(stored.document.model)).metric);
  }

  /** The job as it stands now. */
  async look(): Promise<PageRecord> {
    const { document, plan } = this.#stored;
    const { job } = plan;
    // First, so that the rounds of a job that is over are all there.
    const result = (await readNewestResult(this.#store, job))?.result;
    await this.#readRounds();
    const [divergences, decisions, workersDone] = await Promise.all([
      readDivergences(this.#store, job),
      result ? [] : readDecisions(this.#store, job),
      result ? 0 : this.#countUpdates(),
    ]);
    const failed = decisions.find(({ name }) => name === "failed");
    const measured = this.#rounds.findLast(({ metrics }) => metrics !== undefined);
    return {
      ...{ job, document, plan, divergences, workersDone, primaryMetric: this.#primaryMetric },
      dataset: {
        hash: plan.datasetHash,
        trainExamples: this.#dataset.train.examples,
        heldOutExamples: this.#dataset.heldOut.examples,
        skippedRows: this.#dataset.skippedRows,
      },
      outcome: {
        state: result?.state ?? (failed ? "failed" : "running"),
        ...((result?.reason ?? failed?.reason) && { reason: (result?.reason ?? failed?.reason)! }),
      },
      resultRound: result?.round,
      metrics: result?.metrics ?? measured?.metrics ?? {},
      weightsHash: result?.weightsHash,
      rounds: [...this.#rounds],
      cost: jobCost({ plan, rounds: this.#rounds, repeats: [], dataset: this.#size }, listPrices),
    };
  }

  async #readRounds(): Promise<void> {
    const { job } = this.#stored.plan;
    const known = this.#rounds.length;
    const missing = Array.from({ length: (await findHead(this.#store, job)) - known }, (_, i) => known + i);
    const read = await concurrently(missing, parallelRounds, (round) => readRound(this.#store, job, round));
    // Another look may have been faster.
    for (const round of read) if (round?.round === this.#rounds.length) this.#rounds.push(round);
  }

  async #countUpdates(): Promise<number> {
    const prefix = keys.updates(this.#stored.plan.job, this.#rounds.length);
    return (await this.#store.list(prefix)).filter(({ key }) => rankOf(key, prefix) !== undefined).length;
  }
}
