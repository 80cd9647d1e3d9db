import type { JobCost } from "../../cost/job-cost.ts";
import { cloudNames } from "../../cost/prices.ts";
import { facts } from "./environment.ts";
import { bytes, count, percent } from "./format.ts";
import { type Html, html } from "./html.ts";

/** What the tasks used, as each cloud would bill it, beside a run without disturbances. */
export function costs(cost: JobCost, budget: number | undefined): Html {
  const { clouds, ranOn, coldStarts, memoryMib, reasons, advice } = cost;
  const where = ranOn
    ? `What this job cost on ${cloudNames[ranOn]} and would have cost elsewhere`
    : "This job ran on one machine. What clouds would ask for the same times";
  const row = (name: string, cells: readonly string[]) =>
    html`<tr><th scope="row">${name}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>
`;
  return html`<p>${where}, in functions of ${count(memoryMib)} MiB, at list prices and without free grants.</p>
<div class="scroll" role="region" aria-label="Cost by cloud" tabindex="0"><table>
<thead><tr><th scope="col" class="words">US dollars</th>${clouds.map(({ cloud }) => html`<th scope="col">${cloudNames[cloud]}</th>`)}</tr></thead>
<tbody>
${clouds[0]!.items.map(({ name }, i) =>
  row(
    name,
    clouds.map(({ items }) => dollars(items[i]!.dollars)),
  ),
)}${row(
  "sum",
  clouds.map((cloud) => dollars(cloud.dollars)),
)}${row(
  "forecast",
  clouds.map(({ forecastDollars }) => dollars(forecastDollars)),
)}${row(
  "gap",
  clouds.map(({ gap }) => percent(gap, 1)),
)}</tbody>
</table></div>
<p class="note">The forecast is that of a run of as many rounds, without disturbances, at this job's own pace.</p>
${facts([
  ...(budget === undefined ? [] : [["Budget", dollars(budget)] as const]),
  ["Functions worked", `${count(Math.round(cost.computeSeconds))} s in ${count(cost.tasks)} tasks`],
  ["Cold starts", `${count(coldStarts.tasks)}, ${percent(coldStarts.part, 1)} of the tasks`],
  ["Requests", count(cost.requests)],
  ["Between functions and store", bytes(cost.bytes)],
])}
${[...reasons, ...(advice ? [advice] : [])].map((sentence) => html`<p class="note">${sentence}</p>`)}`;
}

function dollars(value: number): string {
  if (value === 0) return "0";
  return value >= 0.995 ? value.toFixed(2) : String(Number(value.toPrecision(2)));
}
