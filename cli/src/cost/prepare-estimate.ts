import { dirname, resolve } from "node:path";
import type { DatasetSize, Pace } from "@trivet/worker-runtime/cost/forecast";
import type { Prices } from "@trivet/worker-runtime/cost/prices";
import type { Plan } from "@trivet/worker-runtime/job/plan";
import type { ObjectStore } from "@trivet/worker-runtime/ports/object-store";
import { readPricesOf, withOptions } from "../job-options.ts";
import { say } from "../output.ts";
import { openProgress } from "../progress/progress.ts";

export interface EstimateFlags {
  readonly store: string;
  readonly prices?: string;
  readonly seed?: number;
  readonly json?: boolean;
}

/** What an estimate is made from. */
export interface Prepared {
  readonly store: ObjectStore;
  readonly plan: Plan;
  readonly pace: Pace;
  /** Where the time of a step comes from, as the end of a sentence. */
  readonly paceFrom: string;
  readonly dataset: DatasetSize;
  readonly prices: Prices;
  /** The oldest price, where it is older than half a year. */
  readonly oldPrices: { readonly asOf: string; readonly months: number } | undefined;
  readonly peakMemoryBytes: number;
}

/**
 * Reads a job and its data, decides its plan, and finds out how long its steps take: from rounds that it has run in this
 * store, else by taking some.
 */
export async function prepareEstimate(file: string, flags: EstimateFlags): Promise<Prepared> {
  const { readJob } = await import("@trivet/worker-runtime/job/parse");
  const document = withOptions(await readJob(file), flags);
  const [{ LocalObjectStore }, { decidePlan, prepareDataset }, { datasetSize }, cost, { canonicalJson }] =
    await Promise.all([
      import("@trivet/worker-runtime/clouds/local/object-store"),
      import("@trivet/worker-runtime/clouds/local/prepare"),
      import("@trivet/worker-runtime/cost/forecast"),
      readCost(flags),
      import("@trivet/worker-runtime/hash"),
    ]);
  const store = await LocalObjectStore.open(resolve(flags.store));
  const progress = openProgress({ quiet: flags.json ?? false });
  const { signal } = new AbortController();
  const onEvent = () => {};
  const dataset = await prepareDataset(store, { document, folder: dirname(resolve(file)), signal, onEvent }).finally(
    () => progress.end(),
  );
  const plan = await decidePlan(store, dataset, { document, again: false, onEvent });
  const size = datasetSize(dataset.manifest, canonicalJson(dataset.manifest).length);
  const [{ readRounds }, { cloudConditions, cloudPace, paceOf }] = await Promise.all([
    import("@trivet/worker-runtime/protocol/run-record"),
    import("@trivet/worker-runtime/cost/pace"),
  ]);
  const rounds = await readRounds(store, plan.job);
  const known = paceOf(plan, rounds);
  if (known) {
    // Steps take what they took here; store, queue and start-up are a cloud's.
    const { stepMs, measureMs, jitter = 0, loadMs } = known;
    const peak = Math.max(...rounds.flatMap(({ traces }) => traces.map(({ peakMemoryBytes }) => peakMemoryBytes)));
    const pace = { ...cloudConditions, stepMs, measureMs, jitter, loadMs: loadMs || cloudConditions.loadMs };
    const paceFrom = `from ${rounds.length} rounds that it has run on this machine`;
    return { store, plan, pace, paceFrom, dataset: size, ...cost, peakMemoryBytes: peak };
  }
  if (!flags.json) say("Taking some steps on this machine ...");
  const { calibrate } = await import("@trivet/worker-runtime/cost/calibrate");
  const { steps, stepMs, measureMs, jitter, loadMs, peakMemoryBytes } = await calibrate(store, document, plan);
  const paceFrom = `by ${steps} steps on this machine just now`;
  return {
    store,
    plan,
    pace: cloudPace({ stepMs, measureMs, jitter, loadMs }),
    paceFrom,
    dataset: size,
    ...cost,
    peakMemoryBytes,
  };
}

async function readCost(flags: EstimateFlags) {
  const [{ listPrices }, { oldPrices }] = await Promise.all([
    import("@trivet/worker-runtime/cost/prices"),
    import("@trivet/worker-runtime/cost/read-prices"),
  ]);
  const prices = (await readPricesOf(flags)) ?? listPrices;
  return { prices, oldPrices: oldPrices(prices, Date.now()) };
}

/** For people, where prices are old. */
export function aboutPrices({ oldPrices }: Pick<Prepared, "oldPrices">): string[] {
  if (!oldPrices) return [];
  return [`Some prices are ${oldPrices.months} months old (${oldPrices.asOf}); --prices takes newer ones.`];
}
