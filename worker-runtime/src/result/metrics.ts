import { learningRateAt } from "../training/schedule.ts";
import type { RunRecord } from "./run-record.ts";

/** What is known of one round, as a line of `metrics.jsonl`. */
export interface RoundMetrics {
  readonly round: number;
  /** Training examples that all workers together had seen when the round began. */
  readonly examples: number;
  /** At the round's first step; left out for the last round, which only measures. */
  readonly learningRate?: number;
  /** Mean loss of the round's local steps. */
  readonly trainLoss?: number;
  /** Held-out metrics of the weights that the round started from; left out where they were not measured. */
  readonly metrics?: Readonly<Record<string, number>>;
}

export function roundMetrics({
  document,
  plan,
  rounds,
}: Pick<RunRecord, "document" | "plan" | "rounds">): RoundMetrics[] {
  const { workers, localSteps, batchSize } = plan;
  return rounds.map(({ round, trainLoss, metrics }) => ({
    round,
    examples: round * workers * localSteps * batchSize,
    ...(trainLoss !== undefined && {
      learningRate: learningRateAt(document.training, round * localSteps, plan.rounds * localSteps),
      trainLoss,
    }),
    ...(metrics && { metrics }),
  }));
}

/** `metrics.jsonl`: one JSON object a round, one round a line. */
export function metricsLines(record: RunRecord): string {
  return roundMetrics(record)
    .map((line) => `${JSON.stringify(line)}\n`)
    .join("");
}
