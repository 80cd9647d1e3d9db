import type { TaskTrace } from "../run-record.ts";
import { counted, duration, percent } from "./format.ts";
import { type Html, html } from "./html.ts";

/** Where the time of a run went: a bar over the whole, and its parts in numbers. There is at least one trace. */
export function timeSplit(traces: readonly TaskTrace[]): Html {
  const total = (part: (trace: TaskTrace) => number) => traces.reduce((sum, trace) => sum + part(trace), 0);
  const coldStarts = traces.filter(({ loadMs }) => loadMs > 0).length;
  const parts = [
    { name: "compute", milliseconds: total((trace) => trace.computeMs), what: "learning, measuring, adding up" },
    { name: "store", milliseconds: total((trace) => trace.storeMs), what: "waiting for the object store" },
    { name: "queue", milliseconds: total((trace) => trace.queueMs), what: "from a message sent to its task begun" },
    {
      name: "load",
      milliseconds: total((trace) => trace.loadMs),
      what: `TensorFlow, in ${counted(coldStarts, "cold start")}`,
    },
  ];
  const whole = parts.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  const share = (milliseconds: number) => percent(milliseconds / whole, 1);
  let left = 0;
  const bar = parts.map(({ name, milliseconds }) => {
    const width = whole === 0 ? 0 : (1000 * milliseconds) / whole;
    left += width;
    return html`<rect class="${name}" x="${(left - width).toFixed(1)}" width="${width.toFixed(1)}" height="28"/>`;
  });
  return html`<svg class="bar" viewBox="0 0 1000 28" preserveAspectRatio="none" role="img" aria-labelledby="split-title split-desc">
<title id="split-title">Split of time</title>
<desc id="split-desc">${parts.map(({ name, milliseconds }) => `${name} ${share(milliseconds)}`).join(", ")}</desc>
${bar}
</svg>
<div class="scroll" role="region" aria-label="Split of time" tabindex="0"><table>
<thead><tr><th scope="col">Part</th><th scope="col">Time</th><th scope="col">Share</th><th scope="col">Mean of a task</th><th scope="col" class="words">What it is</th></tr></thead>
<tbody>
${parts.map(
  ({ name, milliseconds, what }) => html`<tr><th scope="row">${swatch(name)} ${name}</th>
<td>${duration(milliseconds)}</td><td>${share(milliseconds)}</td><td>${duration(milliseconds / traces.length)}</td><td class="words">${what}</td></tr>
`,
)}</tbody>
</table></div>
<p class="note">Sums over ${counted(traces.length, "task")}, which ran side by side. A task fetches while it computes, so parts may overlap.</p>`;
}

/** A square in the colour of a class, for legends. */
export function swatch(name: string): Html {
  return html`<svg class="swatch" viewBox="0 0 12 12" aria-hidden="true"><rect class="${name}" width="12" height="12"/></svg>`;
}
