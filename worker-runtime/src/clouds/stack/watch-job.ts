import { UserError } from "../../errors.ts";
import type { RunEvent, TrainOutcome } from "../../job/events.ts";
import { primaryOf } from "../../models/index.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ObjectStore } from "../../ports/object-store.ts";
import { keys } from "../../protocol/keys.ts";
import { findHead } from "../../protocol/manifest.ts";
import { isOver, readJob, readNewestResult } from "../../protocol/run-record.ts";
import { planEvent } from "../local/prepare.ts";
import { RoundWatcher } from "../local/round-watcher.ts";
import { readOutcome } from "../read-outcome.ts";

export interface WatchOptions {
  readonly clock: Clock;
  /** Stops the watching; the job goes on. */
  readonly signal: AbortSignal;
  readonly onEvent: (event: RunEvent) => void;
}

/** Rounds before the one under way that are shown too: from them comes the time that is left. */
const shownBefore = 10;
/** A silence after which something may be wrong: longer than a function may run. */
const silenceMs = 15 * 60_000;
/** Ctrl-C is answered within this time. */
const sliceMs = 200;

/**
 * Tells of a job in a cloud until it has ended, or until `signal`; the outcome is then "interrupted". Its seconds are those
 * since the job was submitted. Asks the store for three small things each time, as often as `pauseMs` says.
 */
export async function watchJob(
  store: ObjectStore,
  job: string,
  { clock, signal, onEvent }: WatchOptions,
): Promise<TrainOutcome> {
  const startedAtMs = clock.nowMs();
  const stored = await readJob(store, job);
  if (!stored) throw new UserError(`There is no job ${job} in this store.`);
  const { plan, document } = stored;
  onEvent(planEvent(plan, await primaryOf(document.model)));
  const first = Math.max(0, (await findHead(store, job)) - shownBefore);
  let newsAtMs = startedAtMs;
  let silenceTold = false;
  const watcher = new RoundWatcher(store, plan, clock, first, startedAtMs, (event) => {
    newsAtMs = clock.nowMs();
    onEvent(event);
  });
  while (!signal.aborted) {
    const over = await isOver(store, job);
    await watcher.look();
    if (over) break;
    const silentMs = clock.nowMs() - newsAtMs;
    if (silentMs > silenceMs && !silenceTold) {
      silenceTold = true;
      onEvent({
        type: "notice",
        text: "No round has been completed for a quarter of an hour; `trivet status` tells more.",
      });
    }
    await sleepUnless(signal, clock, pauseMs(silentMs));
  }
  const outcome = { ...(await readOutcome(store, job)), seconds: await secondsOf(store, job, clock) };
  onEvent({ type: "finished", ...outcome });
  return outcome;
}

/** From the submission to the end, or until now, by the store's clock as far as it tells. */
async function secondsOf(store: ObjectStore, job: string, clock: Clock): Promise<number> {
  const keyOf = (await readNewestResult(store, job))?.keyOf ?? ((file: string) => keys.result(job, file));
  const ends = [keys.plan(job), keyOf("manifest.json"), keys.decision(job, "failed")];
  const [submitted, result, failed] = await Promise.all(ends.map((key) => store.head(key)));
  return ((result ?? failed)?.createdAtMs ?? clock.nowMs()) / 1000 - submitted!.createdAtMs / 1000;
}

/** A quarter of the time that nothing came, within 1 and 30 seconds: what is told is late by a quarter at the most. */
export function pauseMs(silentMs: number): number {
  return Math.min(30_000, Math.max(1000, silentMs / 4));
}

async function sleepUnless(signal: AbortSignal, clock: Clock, milliseconds: number): Promise<void> {
  for (let left = milliseconds; left > 0 && !signal.aborted; left -= sliceMs)
    await clock.sleep(Math.min(left, sliceMs));
}
