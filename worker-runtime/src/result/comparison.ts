import type { FieldDifference } from "../job/differences.ts";
import { duration, metric, short } from "./report/format.ts";
import { type Html, html } from "./report/html.ts";
import { learningCharts } from "./report/learning-charts.ts";
import { eyebrow, frozenPage } from "./report/page.ts";
import type { RoundRecord } from "./run-record.ts";

/** A job as it is compared with others. */
export interface ComparedJob {
  readonly job: string;
  readonly state: string;
  readonly closedRounds: number;
  /** Rounds that train. */
  readonly plannedRounds: number;
  readonly rounds: readonly RoundRecord[];
  /** The round whose starting weights are the result; undefined while there is none. */
  readonly resultRound: number | undefined;
  /** Of the result, or the newest measurement. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Of the last round that trained. */
  readonly trainLoss: number | undefined;
  /** From the first task's start to the last one's end; 0 where no traces were kept. */
  readonly clockMs: number;
  readonly weightsHash: string | undefined;
}

export interface Comparison {
  readonly jobs: readonly ComparedJob[];
  /** The fields of the job documents that differ, with a value for each job. */
  readonly fields: readonly FieldDifference[];
}

/** "A", "B", ... "Z", "AA": how a page calls the jobs. */
export function letter(index: number): string {
  return index < 26 ? String.fromCharCode(65 + index) : letter(Math.floor(index / 26) - 1) + letter(index % 26);
}

/** The names of all metrics, in the order in which they are met. */
export function metricNames({ jobs }: Comparison): string[] {
  const measured = jobs.flatMap(({ metrics, rounds }) => [metrics, ...rounds.map((round) => round.metrics ?? {})]);
  return [...new Set(measured.flatMap((metrics) => Object.keys(metrics)))];
}

/** Jobs side by side on one page: what came out, what differs, and their curves over each other. */
export function renderComparison(comparison: Comparison): string {
  const names = metricNames(comparison);
  return frozenPage(
    `Trivet: ${comparison.jobs.length} jobs compared`,
    html`<header>
${eyebrow("Trivet comparison")}
<h1>${comparison.jobs.length} jobs compared</h1>
</header>
<main>
<h2>Outcome</h2>
${outcomes(comparison, names)}
<h2>What differs</h2>
${differences(comparison)}
<h2>Learning</h2>
${curves(comparison, names)}
</main>`,
  );
}

function outcomes({ jobs }: Comparison, names: readonly string[]): Html {
  const heads = ["rounds", ...names, "training loss", "took"];
  const rows = jobs.map(
    ({ job, state, closedRounds, plannedRounds, metrics, trainLoss, clockMs, weightsHash }, i) =>
      html`<tr><th scope="row">${letter(i)}</th><td class="left"><code>${job}</code></td><td class="left">${state}</td><td>${Math.min(closedRounds, plannedRounds)} of ${plannedRounds}</td>${names.map(
        (name) => html`<td>${metrics[name] === undefined ? "–" : metric(name, metrics[name])}</td>`,
      )}<td>${trainLoss === undefined ? "–" : short(trainLoss)}</td><td>${clockMs === 0 ? "–" : duration(clockMs)}</td><td class="left"><code title="${weightsHash}">${weightsHash?.slice(0, 12) ?? "–"}</code></td></tr>
`,
  );
  return html`<div class="scroll" role="region" aria-label="Outcome" tabindex="0"><table>
<thead><tr><th scope="col">as</th><th scope="col" class="left">job</th><th scope="col" class="left">state</th>${heads.map((head) => html`<th scope="col">${head}</th>`)}<th scope="col" class="left">weights, SHA-256</th></tr></thead>
<tbody>
${rows}</tbody>
</table></div>`;
}

function differences({ jobs, fields }: Comparison): Html {
  if (fields.length === 0) return html`<p>The jobs are the same but for their names.</p>`;
  return html`<div class="scroll" role="region" aria-label="What differs" tabindex="0"><table>
<thead><tr><th scope="col">field</th>${jobs.map((_, i) => html`<th scope="col">${letter(i)}</th>`)}</tr></thead>
<tbody>
${fields.map(
  ({ path, values }) => html`<tr><th scope="row"><code>${path}</code></th>${values.map(
    (value) => html`<td>${value === undefined ? "–" : typeof value === "string" ? value : JSON.stringify(value)}</td>`,
  )}</tr>
`,
)}</tbody>
</table></div>`;
}

function curves({ jobs }: Comparison, names: readonly string[]): Html {
  const lastRound = Math.max(0, ...jobs.flatMap(({ rounds }) => rounds.at(-1)?.round ?? 0));
  const named = jobs.map(({ rounds, resultRound }, job) => ({ name: letter(job), rounds, resultRound }));
  return html`${learningCharts(named, names, lastRound)}
<p class="note">A held-out value is that of the weights which a round started from; rings mark the results.</p>`;
}
