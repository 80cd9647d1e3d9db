import { type Html, html } from "./html.ts";
import { thinned, ticks } from "./ticks.ts";

export interface LineChart {
  /** Unique on the page. */
  readonly id: string;
  readonly title: string;
  readonly points: readonly { readonly round: number; readonly value: number }[];
  readonly format: (value: number) => string;
  /** For the marks of the axis, where it differs. */
  readonly formatTick?: (value: number) => string;
  /** The round whose point is marked as the result's, if there is one. */
  readonly markedRound: number | undefined;
  /** The last round of the run, so that all charts of a page have one scale. */
  readonly lastRound: number;
}

const width = 400;
const height = 230;
const margin = { left: 56, right: 14, top: 14, bottom: 38 };
const pointLimit = 400;
/** More points than this are drawn as a line alone. */
const dotLimit = 40;

/** One curve over the rounds, with its axes. One curve a chart, so that it can be read without colours. */
export function lineChart({ id, title, points, format, formatTick = format, markedRound, lastRound }: LineChart): Html {
  const finite = points.filter(({ value }) => Number.isFinite(value));
  if (finite.length === 0) return html`<figure><figcaption><h3>${title}</h3> Not measured.</figcaption></figure>`;
  const shown = thinned(finite, pointLimit);
  const [low, high] = range(shown.map(({ value }) => value));
  const x = (round: number) =>
    fixed(margin.left + (round / Math.max(1, lastRound)) * (width - margin.left - margin.right));
  const y = (value: number) =>
    fixed(margin.top + ((high - value) / (high - low)) * (height - margin.top - margin.bottom));
  const first = finite[0]!;
  const last = finite.at(-1)!;
  const marked = finite.find(({ round }) => round === markedRound);
  const baseline = height - margin.bottom;
  return html`<figure>
<figcaption><h3>${title}</h3> ${summary(first, last, format)}</figcaption>
<svg viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${id}-title ${id}-desc">
<title id="${id}-title">${title}</title>
<desc id="${id}-desc">A curve over rounds ${first.round} to ${last.round}: ${summary(first, last, format)}</desc>
${ticks(low, high, 4).map(
  (tick) => html`<path class="grid" d="M${margin.left} ${y(tick)}H${width - margin.right}"/>
<text class="tick" x="${margin.left - 8}" y="${y(tick)}" dy="0.35em" text-anchor="end">${formatTick(tick)}</text>
`,
)}<path class="axis" d="M${margin.left} ${baseline}H${width - margin.right}"/>
${ticks(0, lastRound, 6, 1).map(
  (tick) => html`<path class="axis" d="M${x(tick)} ${baseline}v4"/>
<text class="tick" x="${x(tick)}" y="${baseline + 17}" text-anchor="middle">${tick}</text>
`,
)}<text class="tick" x="${(margin.left + width - margin.right) / 2}" y="${height - 4}" text-anchor="middle">round</text>
<polyline class="curve" points="${shown.map(({ round, value }) => `${x(round)},${y(value)}`).join(" ")}"/>
${
  shown.length <= dotLimit &&
  html`<path class="dots" d="${shown.map(({ round, value }) => `M${x(round)} ${y(value)}h0`).join("")}"/>
`
}${
  marked &&
  html`<circle class="result" cx="${x(marked.round)}" cy="${y(marked.value)}" r="5"/>
`
}</svg>
${shown.length < finite.length && html`<p class="note">Drawn through ${shown.length} of ${finite.length} points.</p>`}
</figure>`;
}

type Point = LineChart["points"][number];

function summary(first: Point, last: Point, format: (value: number) => string): string {
  if (first === last) return `${format(first.value)} in round ${first.round}.`;
  return `${format(first.value)} in round ${first.round}, ${format(last.value)} in round ${last.round}.`;
}

/** The values' range, with room above and below; not empty. */
function range(values: readonly number[]): [low: number, high: number] {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const room = 0.06 * (high - low) || Math.abs(high) * 0.1 || 1;
  // A curve that never goes below zero gets no axis below it.
  return [low >= 0 ? Math.max(0, low - room) : low - room, high + room];
}

function fixed(value: number): number {
  return Number(value.toFixed(1));
}
