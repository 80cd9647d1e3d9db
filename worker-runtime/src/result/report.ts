import { stringify } from "yaml";
import { roundMetrics } from "./metrics.ts";
import { costs } from "./report/cost.ts";
import { environment, facts, usage } from "./report/environment.ts";
import { count, counted, duration, percent } from "./report/format.ts";
import { heading } from "./report/heading.ts";
import { type Html, html } from "./report/html.ts";
import { integrity } from "./report/integrity.ts";
import { learningCharts } from "./report/learning-charts.ts";
import { loadingTheModel } from "./report/loading.ts";
import { frozenPage } from "./report/page.ts";
import { roundsTable } from "./report/rounds-table.ts";
import { timeSplit } from "./report/time-split.ts";
import { spanOf, timeline } from "./report/timeline.ts";
import type { PageRecord, RunRecord } from "./run-record.ts";

/** `report.html`: all that there is to know of a run, on one page. */
export function renderReport(record: RunRecord): string {
  return frozenPage(`${record.document.name}: training report`, pageBody(record));
}

/** The same page for a run that is under way, too; `trivet watch --web` replaces its sections one by one. */
export function pageBody(record: PageRecord): Html {
  const [head, ...sections] = sectionsOf(record);
  return html`<header id="${head!.id}">
${head!.content}
</header>
<main>
${sections.map(
  ({ id, content }) => html`<section id="${id}"${!content && html` hidden="hidden"`}>
${content}
</section>
`,
)}</main>`;
}

export interface Section {
  readonly id: string;
  /** Undefined while there is nothing to say. */
  readonly content: Html | undefined;
}

/** The parts of the page, always the same ones; the first is its heading. */
export function sectionsOf(record: PageRecord): readonly Section[] {
  const isOver = record.weightsHash !== undefined;
  return [
    { id: "heading", content: heading(record) },
    { id: "learning", content: html`<h2>Learning</h2>${learning(record)}` },
    { id: "time", content: html`<h2>Time</h2>${time(record)}` },
    {
      id: "cost",
      content:
        record.cost && record.cost.tasks > 0 ? html`<h2>Cost</h2>${costs(record.cost, record.budget)}` : undefined,
    },
    {
      id: "environment",
      content: html`<h2>Environment</h2>${environment(record.rounds.flatMap(({ traces }) => traces))}`,
    },
    { id: "data", content: html`<h2>Data</h2>${data(record)}` },
    { id: "integrity", content: isOver ? html`<h2>Integrity</h2>${integrity(record)}` : undefined },
    { id: "loading", content: isOver ? html`<h2>Loading the model</h2>${loadingTheModel(record)}` : undefined },
    {
      id: "job",
      content: html`<h2>The job as it ran</h2>
<p>With every default filled in.</p>
<pre tabindex="0"><code>${stringify(record.document)}</code></pre>`,
    },
  ];
}

function learning(record: PageRecord): Html {
  const { rounds, primaryMetric, resultRound } = record;
  const names = [...new Set([primaryMetric, ...rounds.flatMap(({ metrics }) => Object.keys(metrics ?? {}))])];
  // While a run is under way the curves grow towards its planned end.
  const lastRound = record.weightsHash === undefined ? record.plan.rounds : (rounds.at(-1)?.round ?? 0);
  return html`${learningCharts([{ rounds, resultRound }], names, lastRound)}
<p class="note">A held-out value is that of the weights which a round started from; the ring marks the result. Training loss is the mean over the round's local steps.</p>
${roundsTable(rounds, roundMetrics(record), names)}`;
}

function time({ rounds }: PageRecord): Html {
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

function data({ dataset: { hash, trainExamples, heldOutExamples, skippedRows } }: PageRecord): Html {
  return facts([
    ["Training examples", count(trainExamples)],
    ["Held-out examples", count(heldOutExamples)],
    ["Rows left out", skippedRows === 0 ? "none" : `${count(skippedRows)}, which could not be used`],
    ["Dataset", html`<code class="hash">${hash}</code>`],
  ]);
}
