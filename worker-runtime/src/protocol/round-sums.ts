import type { Sums } from "./learner.ts";
import type { UpdateReport } from "./update.ts";

/** The workers' reports of a round, added up in rank order so that the result does not depend on who came first. */
export interface RoundSums {
  readonly steps: number;
  readonly lossSum: number;
  readonly held?: Sums;
}

export function addReports(reports: readonly UpdateReport[]): RoundSums {
  let steps = 0;
  let lossSum = 0;
  const held: Record<string, number> = {};
  for (const report of reports) {
    steps += report.steps;
    lossSum += report.lossSum;
    for (const [name, value] of Object.entries(report.sums ?? {})) held[name] = (held[name] ?? 0) + value;
  }
  return { steps, lossSum, ...(Object.keys(held).length > 0 && { held }) };
}
