import { stringify } from "yaml";
import { roundMetrics } from "./metrics.ts";
import { costs } from "./report/cost.ts";
import { environment, facts, usage } from "./report/environment.ts";
import { count, counted, duration, metric, metricTick, percent, short } from "./report/format.ts";
import { heading } from "./report/heading.ts";
import { type Html, html } from "./report/html.ts";
import { integrity } from "./report/integrity.ts";
import { lineChart } from "./report/line-chart.ts";
import { loadingTheModel } from "./report/loading.ts";
import { roundsTable } from "./report/rounds-table.ts";
import { style } from "./report/style.ts";
import { timeSplit } from "./report/time-split.ts";
import { spanOf, timeline } from "./report/timeline.ts";
import type { RunRecord } from "./run-record.ts";

/**
 * `report.html`: all that there is to know of a run, on one page that needs nothing but itself. It holds no script and
 * asks for no file, and its Content-Security-Policy forbids both, so it can be mailed and hosted anywhere. It is
 * well-formed XML too, so that tools can read it.
 */
export function renderReport(record: RunRecord): string {
  const page = html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="color-scheme" content="light dark"/>
<link rel="icon" href="data:,"/>
<title>${record.document.name}: training report</title>
<style>${style}</style>
</head>
<body>
${heading(record)}
<main>
<h2>Learning</h2>
${learning(record)}
<h2>Time</h2>
${time(record)}
<h2>Cost</h2>
${costs(record)}
<h2>Environment</h2>
${environment(record.rounds.flatMap(({ traces }) => traces))}
<h2>Data</h2>
${data(record)}
<h2 id="integrity">Integrity</h2>
${integrity(record)}
<h2>Loading the model</h2>
${loadingTheModel(record)}
<h2>The job as it ran</h2>
<p>With every default filled in.</p>
<pre><code>${stringify(record.document)}</code></pre>
</main>
</body>
</html>
`;
  return page.text;
}

function learning(record: RunRecord): Html {
  const { rounds, primaryMetric, resultRound } = record;
  const names = [...new Set([primaryMetric, ...rounds.flatMap(({ metrics }) => Object.keys(metrics ?? {}))])];
  const lastRound = rounds.at(-1)?.round ?? 0;
  const held = names.map((name, i) =>
    lineChart({
      id: `held-out-${i}`,
      title: `Held-out ${name}`,
      points: rounds.map(({ round, metrics }) => ({ round, value: metrics?.[name] ?? Number.NaN })),
      format: (value) => metric(name, value),
      formatTick: (value) => metricTick(name, value),
      markedRound: resultRound,
      lastRound,
    }),
  );
  const loss = lineChart({
    id: "training-loss",
    title: "Training loss",
    points: rounds.map(({ round, trainLoss }) => ({ round, value: trainLoss ?? Number.NaN })),
    format: short,
    markedRound: undefined,
    lastRound,
  });
  return html`<div class="charts">
${held[0]}
${loss}
${held.slice(1)}
</div>
<p class="note">A held-out value is that of the weights which a round started from; the ring marks the result. Training loss is the mean over the round's local steps.</p>
${roundsTable(rounds, roundMetrics(record), names)}`;
}

function time({ rounds }: RunRecord): Html {
  const traces = rounds.flatMap((round) => round.traces);
  if (traces.length === 0) return html`<p>No traces were kept of this run, so where its time went is not known.</p>`;
  const span = spanOf(traces);
  const clockMs = span.toMs - span.fromMs;
  const places = new Set(traces.map(({ place }) => place)).size;
  const workMs = traces.reduce((sum, { startedAtMs, finishedAtMs }) => sum + finishedAtMs - startedAtMs, 0);
  return html`<p>${counted(traces.length, "task")} worked for ${duration(workMs)} in all, within ${duration(clockMs)} by the clock: ${counted(places, "place")} at work ${percent(workMs / (clockMs * places))} of the time.</p>
${timeSplit(traces)}
${timeline(rounds)}
<h3>Requests and memory</h3>
${usage(traces)}`;
}

function data({ dataset: { hash, trainExamples, heldOutExamples, skippedRows } }: RunRecord): Html {
  return facts([
    ["Training examples", count(trainExamples)],
    ["Held-out examples", count(heldOutExamples)],
    ["Rows left out", skippedRows === 0 ? "none" : `${count(skippedRows)}, which could not be used`],
    ["Dataset", html`<code class="hash">${hash}</code>`],
  ]);
}
