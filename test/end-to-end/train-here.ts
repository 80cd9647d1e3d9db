import { join } from "node:path";
import { expect } from "chai";
import { LocalObjectStore } from "../../worker-runtime/src/clouds/local/object-store.ts";
import type { WorkerProcesses } from "../../worker-runtime/src/clouds/local/processes.ts";
import { trainLocally } from "../../worker-runtime/src/clouds/local/train.ts";
import type { JobDocument } from "../../worker-runtime/src/job/document.ts";
import type { RunEvent, TrainOutcome } from "../../worker-runtime/src/job/events.ts";
import { verifyJob } from "../../worker-runtime/src/protocol/verify.ts";

export interface TrainHereOptions {
  readonly processes?: number;
  /** Inside the folder of the job. Default: `store`. */
  readonly store?: string;
  readonly again?: boolean;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: RunEvent, processes: WorkerProcesses) => void;
}

/** Longer than any run of these tests; one that hangs ends then, so that its processes do not outlive the tests. */
const patienceMs = 240_000;

/** Trains as `trivet train` does, with this process as the coordinator. */
export async function trainHere(document: JobDocument, folder: string, options: TrainHereOptions = {}) {
  const events: RunEvent[] = [];
  let processes: WorkerProcesses;
  const outcome = await trainLocally({
    document,
    folder,
    storeFolder: join(folder, options.store ?? "store"),
    processes: options.processes ?? 2,
    again: options.again ?? false,
    signal: AbortSignal.any([AbortSignal.timeout(patienceMs), ...(options.signal ? [options.signal] : [])]),
    onProcesses: (started) => {
      processes = started;
    },
    onEvent: (event) => {
      events.push(event);
      options.onEvent?.(event, processes);
    },
  });
  return { outcome, events };
}

/** Trains and stops, as Ctrl-C does, once a round is closed. */
export async function trainUntil(round: number, document: JobDocument, folder: string, options: TrainHereOptions = {}) {
  const abort = new AbortController();
  const onEvent = (event: RunEvent) => event.type === "round" && event.round >= round && abort.abort();
  const { outcome } = await trainHere(document, folder, { ...options, signal: abort.signal, onEvent });
  expect(outcome.state).to.equal("interrupted");
  return outcome;
}

/** What must not depend on how a job was trained: its bits, and that everything stored fits together. */
export async function identity(folder: string, storeName: string, { job }: Pick<TrainOutcome, "job">) {
  const store = await LocalObjectStore.open(join(folder, storeName));
  const { result, problems, divergences } = await verifyJob(store, job);
  const { state, weightsHash, chainHash } = result ?? {};
  return { job, state, weightsHash, chainHash, problems, divergences };
}

/** Trains without any disturbance, in a store of its own: what every other run has to come to. */
export async function undisturbed(document: JobDocument, folder: string) {
  const { outcome } = await trainHere(document, folder, { store: "undisturbed" });
  expect(outcome.state, outcome.reason).to.equal("finished");
  const expected = await identity(folder, "undisturbed", outcome);
  expect(expected).to.deep.include({ state: "finished", problems: [], divergences: [] });
  return expected;
}
