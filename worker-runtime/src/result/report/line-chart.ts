import { type Html, html } from "./html.ts";
import { thinned, ticks } from "./ticks.ts";

export interface Series {
  /** A letter or two that stand at the curve's end; left out where the chart has one curve. */
  readonly name?: string;
  readonly points: readonly Point[];
  /** The round whose point is marked as the result's, if there is one. */
  readonly markedRound: number | undefined;
}

interface Point {
  readonly round: number;
  readonly value: number;
}

export interface LineChart {
  /** Unique on the page. */
  readonly id: string;
  readonly title: string;
  /** Curves over each other; those after the first differ in dashes and colour, and are named, so that none need be told by its colour. */
  readonly series: readonly Series[];
  readonly format: (value: number) => string;
  /** For the marks of the axis, where it differs. */
  readonly formatTick?: (value: number) => string;
  /** The last round of the run, so that all charts of a page have one scale. */
  readonly lastRound: number;
}

const width = 400;
const height = 230;
const margin = { left: 56, right: 14, top: 14, bottom: 38 };
const pointLimit = 400;
/** More points than this are drawn as a line alone. */
const dotLimit = 40;

/** Kinds of dashes and colours in the style sheet. */
const curveKinds = 6;

/** Curves over the rounds, with their axes. */
export function lineChart({ id, title, series, format, formatTick = format, lastRound }: LineChart): Html {
  const curves = series
    .map((one, kind) => ({ ...one, kind, finite: one.points.filter(({ value }) => Number.isFinite(value)) }))
    .filter(({ finite }) => finite.length > 0)
    .map((one) => ({ ...one, shown: thinned(one.finite, pointLimit) }));
  if (curves.length === 0) return html`<figure><figcaption><h3>${title}</h3> Not measured.</figcaption></figure>`;
  const [low, high] = range(curves.flatMap(({ shown }) => shown.map(({ value }) => value)));
  const x = (round: number) =>
    fixed(margin.left + (round / Math.max(1, lastRound)) * (width - margin.left - margin.right));
  const y = (value: number) =>
    fixed(margin.top + ((high - value) / (high - low)) * (height - margin.top - margin.bottom));
  const baseline = height - margin.bottom;
  const words = curves.map(({ name, finite }) => `${name ? `${name}: ` : ""}${summary(finite, format)}`).join(" ");
  const all = curves.flatMap(({ finite }) => finite.map(({ round }) => round));
  const [firstRound, endRound] = [Math.min(...all), Math.max(...all)];
  return html`<figure>
<figcaption><h3>${title}</h3> ${words}</figcaption>
<svg viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${id}-title ${id}-desc">
<title id="${id}-title">${title}</title>
<desc id="${id}-desc">${curves.length === 1 ? "A curve" : `${curves.length} curves`} over rounds ${firstRound} to ${endRound}: ${words}</desc>
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
${curves.map((curve) => drawing(curve, x, y))}</svg>
${curves.map(
  ({ name, shown, finite }) =>
    shown.length < finite.length &&
    html`<p class="note">${name && `${name}: `}Drawn through ${shown.length} of ${finite.length} points.</p>`,
)}
</figure>`;
}

interface Curve extends Series {
  readonly kind: number;
  readonly finite: readonly Point[];
  readonly shown: readonly Point[];
}

function drawing({ name, kind, finite, shown, markedRound }: Curve, x: Scale, y: Scale): Html {
  const marked = finite.find(({ round }) => round === markedRound);
  const last = shown.at(-1)!;
  const more = name === undefined || kind % curveKinds === 0 ? "" : ` kind-${kind % curveKinds}`;
  return html`<polyline class="curve${more}" points="${shown.map(({ round, value }) => `${x(round)},${y(value)}`).join(" ")}"/>
${
  shown.length <= dotLimit &&
  html`<path class="dots${more}" d="${shown.map(({ round, value }) => `M${x(round)} ${y(value)}h0`).join("")}"/>
`
}${
  marked &&
  html`<circle class="result" cx="${x(marked.round)}" cy="${y(marked.value)}" r="5"/>
`
}${
  name &&
  html`<text class="curve-name" x="${x(last.round) - 6}" y="${y(last.value) - 8}" text-anchor="end">${name}</text>
`
}`;
}

type Scale = (value: number) => number;

function summary(finite: readonly Point[], format: (value: number) => string): string {
  const [first, last] = [finite[0]!, finite.at(-1)!];
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
