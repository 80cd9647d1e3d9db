import type { RunRecord } from "../run-record.ts";
import { facts } from "./environment.ts";
import { count, counted, duration, metric, time } from "./format.ts";
import { type Html, html } from "./html.ts";
import { divergenceWarning } from "./integrity.ts";
import { spanOf } from "./timeline.ts";

/** What a reader wants to know in the first five seconds: what ran, how good it is, how it ended, which bits came out. */
export function heading(record: RunRecord): Html {
  const { document, primaryMetric, metrics } = record;
  const value = metrics[primaryMetric];
  return html`<header>
<p class="eyebrow"><svg viewBox="0 0 24 24" aria-hidden="true"><path d="M3 8h18M7 8l-2 12M17 8l2 12M12 8v12"/></svg> Trivet training report</p>
<h1>${document.name}</h1>
<p class="headline">${
    value === undefined
      ? html`<span>The result was not measured.</span>`
      : html`<strong>${metric(primaryMetric, value)}</strong> <span>held-out ${primaryMetric}</span>`
  }</p>
<p>${outcome(record)}</p>
${divergenceWarning(record)}
${overview(record)}
</header>`;
}

function outcome({ outcome: { state, reason }, resultRound, plan }: RunRecord): string {
  const result = `The result is the model that round ${resultRound} of ${plan.rounds} started from.`;
  const because = reason ? `: ${reason.replace(/[.\s]+$/, "")}.` : ".";
  switch (state) {
    case "finished":
      return `Finished after ${counted(plan.rounds, "round")}${because}`;
    case "stopped-early":
      return `Stopped early${because} ${result}`;
    case "out-of-budget":
      return `Stopped by its budget${because} ${result}`;
    case "cancelled":
      return `Cancelled${because} ${result}`;
  }
}

function overview({ job, document, plan, rounds, weightsHash }: RunRecord): Html {
  const traces = rounds.flatMap((round) => round.traces);
  const span = spanOf(traces);
  const places = new Set(traces.map(({ place }) => place)).size;
  return facts([
    ["Job", html`<code>${job}</code>`],
    ["Model", `${document.model.kind}, ${counted(plan.weightCount, "weight")}`],
    ["Numerics", plan.numerics === "portable" ? "portable: the same bits on every CPU" : "native: the CPU's own"],
    ["Workers", `${count(plan.workers)} of ${counted(plan.localSteps, "local step")}, batch ${count(plan.batchSize)}`],
    ...(traces.length === 0
      ? []
      : ([
          ["Started", time(span.fromMs)],
          ["Took", `${duration(span.toMs - span.fromMs)} on ${counted(places, "place")}`],
        ] as const)),
    ["Weights, SHA-256", html`<code class="hash">${weightsHash}</code>`],
  ]);
}
