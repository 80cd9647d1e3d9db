import { Html } from "./html.ts";

/**
 * The page's only style sheet. Colours are few and named once for light and once for dark; each text colour has a contrast
 * of at least 4.5 on the paper, each mark of at least 3. Drawings are SVG fills, which printers keep.
 */
export const style = new Html(`
:root {
  --paper: #fcfcfb; --raised: #ffffff; --ink: #1b1f23; --muted: #5a626b; --rule: #e1e4e8;
  --accent: #0b62ad; --warm: #b5530a; --plum: #7a56b8; --stone: #868e97; --alert: #b3261e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #131619; --raised: #1a1e22; --ink: #e7eaed; --muted: #a2abb4; --rule: #2e343a;
    --accent: #62adf0; --warm: #ee9a4d; --plum: #b59af2; --stone: #7f8891; --alert: #ff8a80;
  }
}
@media print {
  :root {
    --paper: #fff; --raised: #fff; --ink: #000; --muted: #444; --rule: #bbb;
    --accent: #0b62ad; --warm: #b5530a; --plum: #7a56b8; --stone: #868e97; --alert: #b3261e;
  }
}
* { box-sizing: border-box; }
html { color-scheme: light dark; -webkit-text-size-adjust: 100%; }
body {
  margin: 0 auto; max-width: 64rem; padding: 2.5rem 1.5rem 4rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; font-variant-numeric: tabular-nums;
}
h1, h2, h3, p, dl, dd, figure, ol { margin: 0; }
h1 { font-size: 1.75rem; line-height: 1.2; letter-spacing: -0.015em; overflow-wrap: anywhere; }
h2 { margin: 3.25rem 0 1rem; padding-top: 1.25rem; border-top: 1px solid var(--rule); font-size: 1.25rem; letter-spacing: -0.01em; }
h3 { font-size: 1rem; }
a { color: var(--accent); }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: 0.86em; }
.eyebrow, .note, dt, figcaption, .legend, th { color: var(--muted); }
.eyebrow { display: flex; align-items: center; gap: 0.5em; margin-bottom: 1.5rem; font-size: 0.875rem; }
.eyebrow svg { width: 1.25em; height: 1.25em; fill: none; stroke: var(--accent); stroke-width: 2; stroke-linecap: round; }
.note, .legend, figcaption { font-size: 0.875rem; }
.charts + .note, .scroll + .note { margin-top: 0.75rem; }
figure + h3, .note + h3 { margin-top: 2rem; }
.headline { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 0.75rem; margin: 1.25rem 0 0.25rem; }
.headline strong { font-size: 3.25rem; font-weight: 650; line-height: 1.1; letter-spacing: -0.03em; }
.headline span { font-size: 1.125rem; color: var(--muted); }
progress { display: block; width: 100%; height: 0.75rem; margin: 0.75rem 0; accent-color: var(--accent); }
.warning { margin: 1.25rem 0 0; padding: 0.75rem 1rem; border: 1px solid var(--alert); border-left-width: 5px; border-radius: 4px; }
.warning strong { color: var(--alert); }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 13rem), 1fr)); gap: 1rem 2rem; }
header dl { margin-top: 2rem; }
dt { font-size: 0.875rem; }
dd { overflow-wrap: anywhere; }
dl > div:has(.hash) { grid-column: 1 / -1; }
dl.hashes { grid-template-columns: 1fr; margin-bottom: 1rem; }
h3 + .note, h3 + dl, h3 + pre { margin-top: 0.5rem; }
main > h3, .timeline { margin-top: 2.25rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 24rem), 1fr)); gap: 2rem 2.5rem; }
figcaption h3 { color: var(--ink); }
figure svg { display: block; width: 100%; height: auto; margin-top: 0.5rem; overflow: visible; }
.tick { fill: var(--muted); font-size: 12px; }
.grid, .axis { fill: none; stroke: var(--rule); stroke-width: 1; }
.axis { stroke: var(--stone); }
.curve, .dots { fill: none; stroke: var(--accent); stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
.dots { stroke-width: 5; }
.kind-1 { stroke: var(--warm); } .kind-2 { stroke: var(--plum); } .kind-3 { stroke: var(--stone); } .kind-4 { stroke: var(--alert); } .kind-5 { stroke: var(--ink); }
.curve.kind-1, .curve.kind-4 { stroke-dasharray: 8 5; }
.curve.kind-2, .curve.kind-5 { stroke-dasharray: 2 5; }
.curve-name { fill: var(--ink); font-size: 12px; font-weight: 600; paint-order: stroke; stroke: var(--paper); stroke-width: 3px; }
.result { fill: var(--paper); stroke: var(--ink); stroke-width: 2; }
.bar { display: block; width: 100%; height: 28px; margin: 1rem 0; border-radius: 4px; }
.compute, .step { fill: var(--accent); }
.store, .reduce { fill: var(--warm); }
.queue { fill: var(--stone); }
.load { fill: var(--plum); }
.again { fill: var(--alert); }
.bar rect, rect.step, rect.load { stroke: var(--paper); stroke-width: 1; vector-effect: non-scaling-stroke; }
.swatch rect { stroke: none; }
.swatch { display: inline-block; width: 0.75em; height: 0.75em; vertical-align: -0.04em; }
.legend { margin-top: 0.75rem; }
.legend span { margin-right: 1em; white-space: nowrap; }
.timeline { display: grid; grid-template-columns: fit-content(9rem) minmax(0, 1fr); column-gap: 0.75rem; }
.timeline figcaption, .timeline .legend { grid-column: 1 / -1; }
.lanes { padding: 1.5rem 0 0; list-style: none; font-size: 0.875rem; }
.lanes li { height: 26px; line-height: 26px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.plot { margin-right: 1.5rem; }
.plot svg { margin: 0; }
.above, .below { position: relative; height: 1.5rem; font-size: 0.75rem; line-height: 1.5rem; color: var(--muted); }
.above span, .below span { position: absolute; white-space: nowrap; }
.above .name { right: 100%; margin-right: 0.75rem; }
.below span { transform: translateX(-50%); }
.below span:first-child { transform: none; }
.round-ends { fill: none; stroke: var(--stone); stroke-width: 1; vector-effect: non-scaling-stroke; opacity: 0.6; }
.scroll { overflow-x: auto; }
.live { position: sticky; top: 0; z-index: 1; margin: -2.5rem -1.5rem 1.5rem; padding: 0.5rem 1.5rem; background: var(--raised); border-bottom: 1px solid var(--rule); font-size: 0.875rem; }
table { width: 100%; border-collapse: collapse; font-size: 0.9375rem; }
th, td { padding: 0.4rem 0.75rem 0.4rem 0; border-bottom: 1px solid var(--rule); text-align: right; vertical-align: top; white-space: nowrap; }
th { font-weight: 500; }
th:first-child, .words, .left { text-align: left; }
tbody th { color: var(--ink); }
td.words { min-width: 9rem; white-space: normal; }
th.words:not(:first-child), td.words, .left { padding-left: 0.75rem; }
tr > :last-child { padding-right: 0; }
details { margin-top: 1.5rem; }
summary { cursor: pointer; color: var(--accent); }
details[open] summary { margin-bottom: 0.75rem; }
pre { margin: 0.5rem 0 1.25rem; padding: 0.875rem 1rem; overflow-x: auto; background: var(--raised); border: 1px solid var(--rule); border-radius: 6px; line-height: 1.5; }
.load-model { margin-top: 1rem; display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 0 2rem; }
.load-model > div { min-width: 0; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
@media (max-width: 30rem) {
  body { padding: 1.5rem 1rem 3rem; }
  h2 { margin-top: 2.5rem; }
  .headline strong { font-size: 2.75rem; }
  .live { margin: -1.5rem -1rem 1.5rem; padding: 0.5rem 1rem; }
  dl { grid-template-columns: 1fr 1fr; gap: 1rem; }
  .lanes { max-width: 5.5rem; }
  td.words { min-width: 18rem; }
}
@media print {
  body { max-width: none; padding: 0; font-size: 0.8rem; }
  h2 { break-after: avoid; }
  figure, tr, dl > div { break-inside: avoid; }
  pre { white-space: pre-wrap; }
  .scroll { overflow: visible; }
}
`);
