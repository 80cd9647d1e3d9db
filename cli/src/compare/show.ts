import { type Comparison, metricNames } from "@trivet/worker-runtime/result/comparison";
import { styled } from "../output.ts";
import { duration, measure } from "../progress/format.ts";
import { table } from "../table.ts";

/** Jobs side by side, for people: a column for each, what came out above, and below the fields that differ. */
export function showComparison(comparison: Comparison): string {
  const { jobs, fields } = comparison;
  const row = (name: string, value: (job: Comparison["jobs"][number]) => string) => [name, ...jobs.map(value)];
  const number = (value: number | undefined) => (value === undefined ? "-" : measure(value));
  const outcome = [
    row("", ({ job }) => job),
    row("state", ({ state }) => state),
    row("rounds", ({ closedRounds, plannedRounds }) => `${Math.min(closedRounds, plannedRounds)}/${plannedRounds}`),
    ...metricNames(comparison).map((name) => row(name, ({ metrics }) => number(metrics[name]))),
    row("training loss", ({ trainLoss }) => number(trainLoss)),
    row("took", ({ clockMs }) => (clockMs === 0 ? "-" : duration(clockMs))),
    row("weights", ({ weightsHash }) => weightsHash?.slice(0, 12) ?? "-"),
  ];
  const text = (value: unknown) => (value === undefined ? "-" : JSON.stringify(value));
  const differing = fields.map(({ path, values }) => [path, ...values.map(text)]);
  const [head, ...rest] = table([...outcome, ...differing]);
  return [
    styled("bold", head!),
    ...rest.slice(0, outcome.length - 1),
    "",
    ...(fields.length === 0 ? ["The jobs are the same but for their names."] : rest.slice(outcome.length - 1)),
  ].join("\n");
}
