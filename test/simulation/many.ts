import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Faults } from "./options.ts";

/** What a number of simulated jobs came to. */
export interface Totals {
  jobs: number;
  /** Seeds of jobs that went wrong, and what went wrong first. */
  readonly failed: { readonly seed: number; readonly problem: string }[];
  readonly counts: Record<string, number>;
  events: number;
  started: number;
  trainings: number;
  simulatedMs: number;
}

/** What a process is given at a time: consecutive seeds. */
export interface Batch {
  readonly from: number;
  readonly to: number;
}

const batchJobs = 20;

/**
 * Simulates jobs from seed `from` on, on `processes` processes. `stopAtFailure`: no further jobs once one has gone wrong.
 */
export async function simulateMany(
  from: number,
  jobs: number,
  { processes = 2, stopAtFailure = false, onBatch = (_: Totals) => {} } = {},
): Promise<Totals> {
  const totals: Totals = {
    ...{ jobs: 0, failed: [], counts: {}, events: 0, started: 0, trainings: 0, simulatedMs: 0 },
  };
  let next = from;
  const work = async () => {
    const child = fork(fileURLToPath(new URL("./process.ts", import.meta.url)));
    try {
      while (next < from + jobs && !(stopAtFailure && totals.failed.length > 0)) {
        const batch: Batch = { from: next, to: Math.min(next + batchJobs, from + jobs) };
        next = batch.to;
        child.send(batch);
        const part = await new Promise<Totals>((resolve, reject) => {
          child.once("message", (part) => resolve(part as Totals));
          child.once("error", reject);
          child.once("exit", (code) => reject(new Error(`a simulating process ended with exit code ${code}`)));
        });
        child.removeAllListeners();
        add(totals, part);
        onBatch(totals);
      }
    } finally {
      child.kill();
    }
  };
  await Promise.all(Array.from({ length: processes }, work));
  totals.failed.sort((a, b) => a.seed - b.seed);
  return totals;
}

function add(totals: Totals, part: Totals): void {
  totals.failed.push(...part.failed);
  for (const field of ["jobs", "events", "started", "trainings", "simulatedMs"] as const) totals[field] += part[field];
  for (const [kind, count] of Object.entries(part.counts)) totals.counts[kind] = (totals.counts[kind] ?? 0) + count;
}

/** The faults that came, a line each. */
export function faultLines(counts: Readonly<Partial<Record<keyof Faults, number>>>): string {
  return Object.entries(counts)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([kind, count]) => `  ${kind.padEnd(20)} ${count.toLocaleString("en-GB").padStart(10)}`)
    .join("\n");
}
