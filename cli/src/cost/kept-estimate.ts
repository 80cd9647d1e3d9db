import type { CloudEstimate, Interval } from "@trivet/worker-runtime/cost/estimate";
import type { Cloud } from "@trivet/worker-runtime/cost/prices";
import type { ObjectStore } from "@trivet/worker-runtime/ports/object-store";

/** An estimate as it was told, kept on this machine to be held against what the job then cost. */
export interface KeptEstimate {
  readonly atMs: number;
  readonly dollars: Readonly<Record<Cloud, Interval>>;
}

const prefix = (job: string) => `cache/estimates/${job}/`;

export async function keepEstimate(
  store: ObjectStore,
  job: string,
  clouds: readonly CloudEstimate[],
  nowMs: number,
): Promise<void> {
  const dollars = Object.fromEntries(clouds.map(({ cloud, dollars }) => [cloud, dollars])) as KeptEstimate["dollars"];
  const kept: KeptEstimate = { atMs: nowMs, dollars };
  await store.putIfAbsent(`${prefix(job)}${String(nowMs).padStart(15, "0")}.json`, Buffer.from(JSON.stringify(kept)));
}

/** The last estimate before the job's first round was complete; of a job that was never estimated before it ran, none. */
export async function lastEstimate(
  store: ObjectStore,
  job: string,
  beforeMs: number,
): Promise<KeptEstimate | undefined> {
  const found = await store.list(prefix(job));
  const last = found.findLast(({ key }) => Number.parseInt(key.slice(prefix(job).length), 10) <= beforeMs);
  const bytes = last && (await store.get(last.key));
  return bytes && JSON.parse(Buffer.from(bytes).toString());
}
