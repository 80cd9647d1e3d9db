import { UserError } from "../../errors.ts";
import { sha256 } from "../../hash.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ObjectStore } from "../../ports/object-store.ts";
import { findNewestJob, listNewestFirst } from "../../protocol/find-job.ts";
import { keys } from "../../protocol/keys.ts";
import { readResult } from "../../protocol/run-record.ts";
import { Predictor } from "../../result/predictor.ts";

/** So long one result is the newest, before the store is asked again. */
const newestForMs = 60_000;
/** Models that stay in memory. */
const maximumOpen = 2;
const jobName = /^[a-z0-9][a-z0-9-]{0,99}$/;

const resultKey = (job: string) => keys.result(job, "manifest.json");

export interface FoundPredictor {
  readonly job: string;
  readonly predictor: Predictor;
}

/** The models of a store, each loaded when it is asked for. */
export class Predictors {
  readonly #store: ObjectStore;
  readonly #clock: Pick<Clock, "nowMs">;
  /** By job; the one that was used last is the last. */
  readonly #open = new Map<string, Promise<Predictor>>();
  readonly #newest = new Map<string, { readonly job: string; readonly untilMs: number }>();

  constructor(store: ObjectStore, clock: Pick<Clock, "nowMs">) {
    this.#store = store;
    this.#clock = clock;
  }

  /**
   * The model of a job by its whole name, or the newest of the jobs with that name in their job files, or without a name the
   * newest of all; those that were cancelled count only by their whole name. A sentence says why there is none.
   */
  async find(name: string | undefined): Promise<FoundPredictor | string> {
    if (name !== undefined && !jobName.test(name)) return `${JSON.stringify(name.slice(0, 120))} is not a job's name.`;
    const job = await this.#find(name);
    return job === undefined ? await this.#whyNone(name) : { job, predictor: await this.#load(job) };
  }

  async #find(name: string | undefined): Promise<string | undefined> {
    if (name !== undefined && (this.#open.has(name) || (await this.#store.head(resultKey(name))))) return name;
    const nowMs = this.#clock.nowMs();
    const known = this.#newest.get(name ?? "");
    if (known && nowMs < known.untilMs) return known.job;
    for (const job of await listNewestFirst(this.#store, name, resultKey)) {
      if ((await readResult(this.#store, job))?.state === "cancelled") continue;
      this.#newest.set(name ?? "", { job, untilMs: nowMs + newestForMs });
      return job;
    }
    return undefined;
  }

  async #whyNone(name: string | undefined): Promise<string> {
    if (name === undefined) return "There is no finished job in this store yet.";
    const job = await findNewestJob(this.#store, name);
    return job === undefined ? `There is no job ${name} in this store.` : `${job} has no result to predict with.`;
  }

  async #load(job: string): Promise<Predictor> {
    const opening = this.#open.get(job) ?? this.#read(job);
    this.#open.delete(job);
    this.#open.set(job, opening);
    try {
      return await opening;
    } catch (error) {
      if (this.#open.get(job) === opening) this.#open.delete(job); // The next request tries again.
      throw error;
    } finally {
      await this.#closeOldest();
    }
  }

  async #closeOldest(): Promise<void> {
    for (const [job, opening] of [...this.#open].slice(0, -maximumOpen)) {
      this.#open.delete(job);
      (await opening.catch(() => undefined))?.close();
    }
  }

  async #read(job: string): Promise<Predictor> {
    const manifest = await readResult(this.#store, job);
    return Predictor.load(async (name) => {
      const key = keys.result(job, name);
      const bytes = await this.#store.get(key);
      if (bytes && sha256(bytes) === manifest?.files[name]) return bytes;
      throw new UserError(`${key} is gone, or not what training wrote: train the job again with --again.`, 1);
    });
  }
}
