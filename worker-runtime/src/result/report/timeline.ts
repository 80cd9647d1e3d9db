import type { RoundRecord, TaskTrace } from "../run-record.ts";
import { counted, duration, trimmed } from "./format.ts";
import { type Html, html } from "./html.ts";
import { ticks } from "./ticks.ts";
import { swatch } from "./time-split.ts";

/** Height of a lane in units of the drawing, which are CSS pixels: the labels beside it are HTML of the same height. */
const laneHeight = 26;
const laneLimit = 32;
/** More tasks than this in a lane, or in all, are drawn as stretches of work. */
const laneTaskLimit = 120;
const taskLimit = 1500;
/** The drawing is this wide, whatever width it is shown at. */
const width = 1000;

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A lane for each place, with the tasks that it ran; lines where rounds end. There is at least one trace. */
export function timeline(rounds: readonly RoundRecord[]): Html {
  const spans = roundSpans(rounds);
  const traces = rounds.flatMap((round) => round.traces);
  const lanes = lanesOf(traces);
  const whole = drawing("timeline", "Timeline of the run", lanes, spans, spanOf(traces));
  const limited =
    lanes.shown.length < lanes.places &&
    html`<p class="note">${lanes.shown.length} of ${lanes.places} places are shown, those that worked longest.</p>`;
  if (!whole.merged) return html`${whole.figure}${limited}`;
  const [slowest] = [...spans].sort(([, a], [, b]) => b.toMs - b.fromMs - (a.toMs - a.fromMs))[0]!;
  const closeUp = rounds.filter(({ round }) => round === slowest);
  const title = `The slowest round, number ${slowest}`;
  return html`${whole.figure}
<p class="note">So many tasks do not fit: those nearer than a thousandth of the run are drawn as one.</p>${limited}
${drawing("close-up", title, lanesOf(closeUp[0]!.traces), new Map(), spanOf(closeUp[0]!.traces)).figure}`;
}

function drawing(id: string, title: string, lanes: Lanes, rounds: ReadonlyMap<number, Span>, span: Span) {
  const durationMs = Math.max(1, span.toMs - span.fromMs);
  const x = (ms: number) => Number((((ms - span.fromMs) / durationMs) * width).toFixed(1));
  const merged =
    lanes.shown.some(({ traces }) => traces.length > laneTaskLimit) ||
    lanes.shown.reduce((sum, { traces }) => sum + traces.length, 0) > taskLimit;
  const height = lanes.shown.length * laneHeight;
  const draw = merged ? stretches : blocks;
  const labelled = ticks(0, Math.max(0, ...rounds.keys()), 10, 1).filter((round) => rounds.has(round));
  const seconds = ticks(0, durationMs / 1000, 5);
  const figure = html`<figure class="timeline">
<figcaption><h3>${title}</h3> ${counted(lanes.shown.length, "place")}, ${duration(durationMs)} by the clock.</figcaption>
<ol class="lanes">${lanes.shown.map(({ place }) => html`<li title="${place}">${place}</li>`)}</ol>
<div class="plot">
<div class="above" aria-hidden="true">${rounds.size > 0 && html`<span class="name">round</span>`}${labelled.map(
    (round) => html`<span style="left:${x(rounds.get(round)!.fromMs) / 10}%">${round}</span>`,
  )}</div>
<svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" style="height:${height}px" role="img" aria-labelledby="${id}-title ${id}-desc">
<title id="${id}-title">${title}</title>
<desc id="${id}-desc">A lane for each of ${counted(lanes.shown.length, "place")}, with its tasks over ${duration(durationMs)}.</desc>
<path class="round-ends" d="${[...rounds.values()].map(({ toMs }) => `M${x(toMs)} 0V${height}`).join("")}"/>
${lanes.shown.map(({ traces }, lane) => draw(traces, lane * laneHeight, x))}</svg>
<div class="below" aria-hidden="true">${seconds.map(
    (second) =>
      html`<span style="left:${x(span.fromMs + second * 1000) / 10}%">${second === 0 ? "0" : trimmed(duration(second * 1000))}</span>`,
  )}</div>
</div>
<p class="legend"><span>${swatch("step")} step</span> <span>${swatch("reduce")} reduce</span> <span>${swatch("load")} loading TensorFlow</span> <span>${swatch("again")} delivered again</span></p>
</figure>`;
  return { figure, merged };
}

type Scale = (ms: number) => number;

/** Each task by itself, with its name under the pointer. */
function blocks(traces: readonly TaskTrace[], top: number, x: Scale): Html[] {
  return traces.map((trace) => {
    const { task, round, rank, attempt, startedAtMs, finishedAtMs, loadMs } = trace;
    const rect = (name: string, fromMs: number, toMs: number, y: number, height: number) =>
      html`<rect class="${name}" x="${x(fromMs)}" y="${top + y}" width="${Math.max(1, x(toMs) - x(fromMs)).toFixed(1)}" height="${height}"/>`;
    const who = task === "step" ? "worker" : "shard";
    const again = attempt > 1 ? `, delivery ${attempt}` : "";
    return html`<g><title>round ${round}, ${task} of ${who} ${rank}: ${duration(finishedAtMs - startedAtMs)}${again}</title>
${rect(task, startedAtMs, finishedAtMs, 4, 18)}${loadMs > 0 && rect("load", startedAtMs, startedAtMs + loadMs, 4, 18)}${
  attempt > 1 && rect("again", startedAtMs, finishedAtMs, 23, 3)
}</g>
`;
  });
}

/** One path for each kind of task: as small as it gets for thousands of them. */
function stretches(traces: readonly TaskTrace[], top: number, x: Scale): Html[] {
  const path = (name: string, spans: Span[], y: number, height: number) => {
    const drawn: [number, number][] = [];
    for (const { fromMs, toMs } of spans.sort((a, b) => a.fromMs - b.fromMs)) {
      const last = drawn.at(-1);
      const [from, to] = [x(fromMs), Math.max(x(toMs), x(fromMs) + 1)];
      if (last && from - last[1] < 1) last[1] = Math.max(last[1], to);
      else drawn.push([from, to]);
    }
    const d = drawn.map(([from, to]) => `M${from} ${top + y}H${to.toFixed(1)}v${height}H${from}z`).join("");
    return html`<path class="${name}" d="${d}"/>
`;
  };
  const spansOf = (task: TaskTrace["task"]) =>
    traces.filter((trace) => trace.task === task).map((trace) => spanOf([trace]));
  const loads = traces.filter(({ loadMs }) => loadMs > 0);
  const again = traces.filter(({ attempt }) => attempt > 1);
  return [
    path("step", spansOf("step"), 4, 18),
    path("reduce", spansOf("reduce"), 4, 18),
    path(
      "load",
      loads.map(({ startedAtMs, loadMs }) => ({ fromMs: startedAtMs, toMs: startedAtMs + loadMs })),
      4,
      18,
    ),
    path(
      "again",
      again.map((trace) => spanOf([trace])),
      23,
      3,
    ),
  ];
}

interface Lanes {
  readonly places: number;
  readonly shown: readonly { readonly place: string; readonly traces: readonly TaskTrace[] }[];
}

/** The places by name; where there are too many, those that worked longest. */
function lanesOf(traces: readonly TaskTrace[]): Lanes {
  const byPlace = Map.groupBy(traces, ({ place }) => place);
  const workMs = (traces: readonly TaskTrace[]) =>
    traces.reduce((sum, { startedAtMs, finishedAtMs }) => sum + finishedAtMs - startedAtMs, 0);
  const shown = [...byPlace]
    .map(([place, traces]) => ({ place, traces, workMs: workMs(traces) }))
    .sort((a, b) => b.workMs - a.workMs)
    .slice(0, laneLimit)
    .sort((a, b) => a.place.localeCompare(b.place, "en", { numeric: true }));
  return { places: byPlace.size, shown };
}

/** From the first task's start to the last one's end. */
export function spanOf(traces: readonly TaskTrace[]): Span {
  return {
    fromMs: traces.reduce((first, { startedAtMs }) => Math.min(first, startedAtMs), Number.POSITIVE_INFINITY),
    toMs: traces.reduce((last, { finishedAtMs }) => Math.max(last, finishedAtMs), Number.NEGATIVE_INFINITY),
  };
}

/** When each round with traces was under way. */
export function roundSpans(rounds: readonly RoundRecord[]): Map<number, Span> {
  const traced = rounds.filter(({ traces }) => traces.length > 0);
  return new Map(traced.map(({ round, traces }) => [round, spanOf(traces)]));
}
