import type { RunEvent, TrainOutcome } from "../job/events.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { readDecisions } from "../protocol/decisions.ts";
import { findHead } from "../protocol/manifest.ts";
import { readNewestResult } from "../protocol/run-record.ts";

export type Outcome = Omit<TrainOutcome, "seconds">;

/** How a job stands, read from its store; "interrupted" while it has not ended. */
export async function readOutcome(store: ObjectStore, job: string): Promise<Outcome> {
  const nextRound = await findHead(store, job);
  const newest = await readNewestResult(store, job);
  if (newest) {
    const { state, reason, weightsHash, metrics } = newest.result;
    return { state, job, nextRound, weightsHash, metrics, ...(reason && { reason }) };
  }
  const failed = (await readDecisions(store, job)).find(({ name }) => name === "failed");
  if (failed) return { state: "failed", job, reason: failed.reason, nextRound };
  return { state: "interrupted", job, reason: "the run was stopped", nextRound };
}

/** What came of the same job before it was started again; `first` is the round in which it goes on. */
export function tellOfEarlier({ state, job }: Outcome, first: number, onEvent: (event: RunEvent) => void): void {
  if (state === "failed") onEvent({ type: "notice", text: `${job} has failed before; --again tries once more.` });
  else if (state === "out-of-budget")
    onEvent({ type: "notice", text: `${job} has spent its budget; a higher --budget goes on.` });
  else if (state !== "interrupted")
    onEvent({ type: "notice", text: `${job} is trained already; --again trains it once more.` });
  else if (first > 0) onEvent({ type: "resumed", round: first });
}
