import type { PageRecord, RoundRecord } from "../run-record.ts";
import { facts } from "./environment.ts";
import { count, counted, duration, metric, time } from "./format.ts";
import { type Html, html } from "./html.ts";
import { divergenceWarning } from "./integrity.ts";
import { eyebrow } from "./page.ts";
import { spanOf } from "./timeline.ts";

/** What a reader wants to know in the first five seconds: what ran, how good it is, how it ended, which bits came out. */
export function heading(record: PageRecord): Html {
  const isOver = record.weightsHash !== undefined;
  return html`${eyebrow(isOver ? "Trivet training report" : "Trivet, live")}
<h1>${record.document.name}</h1>
<p class="headline">${headline(record)}</p>
${isOver ? html`<p>${outcome(record)}</p>` : progress(record)}
${divergenceWarning(record)}
${overview(record)}`;
}

function headline({ metrics, primaryMetric, weightsHash }: PageRecord): Html {
  const value = metrics[primaryMetric];
  const isOver = weightsHash !== undefined;
  if (value === undefined)
    return html`<span>${isOver ? "The result was not measured." : "Nothing was measured yet."}</span>`;
  return html`<strong>${metric(primaryMetric, value)}</strong> <span>held-out ${primaryMetric}${!isOver && " so far"}</span>`;
}

/** How a run stands, in one sentence or two; also what a screen reader is told of a page that changes. */
export function outcome({ outcome: { state, reason }, resultRound, plan, rounds, workersDone }: PageRecord): string {
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
    case "failed":
      return `Failed${because} There is no result.`;
    default: {
      const done = Math.min(rounds.length, plan.rounds);
      const left = timeLeft(rounds, plan.rounds);
      return (
        `${count(done)} of ${counted(plan.rounds, "round")} complete, ` +
        `${workersDone ?? 0} of ${counted(plan.workers, "worker")} done with the next${because}${left}`
      );
    }
  }
}

/** By the pace of the rounds so far, the first of which includes the start-up. */
function timeLeft(rounds: readonly RoundRecord[], planned: number): string {
  const ends = rounds.filter(({ traces }) => traces.length > 0).map(({ traces }) => spanOf(traces).toMs);
  if (ends.length < 2 || rounds.length > planned) return "";
  const roundMs = (ends.at(-1)! - ends[0]!) / (ends.length - 1);
  return ` About ${duration(roundMs * (planned + 1 - rounds.length))} left.`;
}

function progress(record: PageRecord): Html {
  const done = Math.min(record.rounds.length, record.plan.rounds);
  return html`<p>${outcome(record)}</p>
<progress max="${record.plan.rounds}" value="${done}" aria-label="Rounds that are complete">${done} of ${record.plan.rounds}</progress>`;
}

function overview({ job, document, plan, rounds, weightsHash }: PageRecord): Html {
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
          [weightsHash ? "Took" : "So far", `${duration(span.toMs - span.fromMs)} on ${counted(places, "place")}`],
        ] as const)),
    ...(weightsHash === undefined
      ? []
      : ([["Weights, SHA-256", html`<code class="hash">${weightsHash}</code>`]] as const)),
  ]);
}
