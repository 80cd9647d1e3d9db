import type { RoundRecord } from "../run-record.ts";
import { metric, metricTick, short } from "./format.ts";
import { type Html, html } from "./html.ts";
import { lineChart, type Series } from "./line-chart.ts";

/** A job whose curves are drawn. */
export interface LearningJob extends Pick<Series, "name"> {
  readonly rounds: readonly RoundRecord[];
  /** The round whose starting weights are the result, if there is one. */
  readonly resultRound: number | undefined;
}

/** How jobs learned, over each other: the held-out metrics of `names`, and after the first of them the training loss. */
export function learningCharts(jobs: readonly LearningJob[], names: readonly string[], lastRound: number): Html {
  const held = names.map((name, i) =>
    lineChart({
      id: `held-out-${i}`,
      title: `Held-out ${name}`,
      series: jobs.map(({ rounds, resultRound, ...rest }) => ({
        ...rest,
        points: rounds.map(({ round, metrics }) => ({ round, value: metrics?.[name] ?? Number.NaN })),
        markedRound: resultRound,
      })),
      format: (value) => metric(name, value),
      formatTick: (value) => metricTick(name, value),
      lastRound,
    }),
  );
  const loss = lineChart({
    id: "training-loss",
    title: "Training loss",
    series: jobs.map(({ rounds, resultRound: _, ...rest }) => ({
      ...rest,
      points: rounds.map(({ round, trainLoss }) => ({ round, value: trainLoss ?? Number.NaN })),
      markedRound: undefined,
    })),
    format: short,
    lastRound,
  });
  return html`<div class="charts">
${held[0]}
${loss}
${held.slice(1)}
</div>`;
}
