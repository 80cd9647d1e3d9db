import type { RoundMetrics } from "../metrics.ts";
import type { RoundRecord } from "../run-record.ts";
import { count, duration, metric, short } from "./format.ts";
import { type Html, html } from "./html.ts";
import { thinned } from "./ticks.ts";
import { roundSpans } from "./timeline.ts";

const rowLimit = 500;

/** Every round in numbers, folded away. `metrics` belong to `rounds` one by one. */
export function roundsTable(
  rounds: readonly RoundRecord[],
  metrics: readonly RoundMetrics[],
  metricNames: readonly string[],
): Html {
  const spans = roundSpans(rounds);
  const shown = thinned([...rounds.keys()], rowLimit);
  const rows = shown.map((i) => {
    const { round, manifestHash, traces } = rounds[i]!;
    const { trainLoss, learningRate, metrics: held } = metrics[i]!;
    const span = spans.get(round);
    return html`<tr><th scope="row">${round}</th>${metricNames.map(
      (name) => html`<td>${held?.[name] === undefined ? "–" : metric(name, held[name])}</td>`,
    )}<td>${trainLoss === undefined ? "–" : short(trainLoss)}</td><td>${
      learningRate === undefined ? "–" : short(learningRate)
    }</td><td>${span ? duration(span.toMs - span.fromMs) : "–"}</td><td>${traces.length}</td><td class="words"><code title="${manifestHash}">${manifestHash.slice(0, 12)}</code></td></tr>
`;
  });
  const heads = [...metricNames, "training loss", "learning rate", "took", "tasks"];
  return html`<details><summary>All ${count(rounds.length)} rounds in numbers</summary>
${
  shown.length < rounds.length &&
  html`<p class="note">${shown.length} rounds of ${count(rounds.length)}, evenly spread; metrics.jsonl has them all.</p>`
}
<div class="scroll" role="region" aria-label="Rounds" tabindex="0"><table>
<thead><tr><th scope="col">round</th>${heads.map((head) => html`<th scope="col">${head}</th>`)}<th scope="col" class="words">manifest</th></tr></thead>
<tbody>
${rows}</tbody>
</table></div>
</details>`;
}
