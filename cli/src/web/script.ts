/**
 * The only script of the live page: it puts in place what the server sends. The server renders every part, with the report's own
 * code and all text escaped; here nothing is made but the words about the connection. Where the reader is stays as it was: what is
 * focused, unfolded and scrolled. A screen reader is told how the run stands every ten seconds at the most.
 */
export const script = `
const status = document.getElementById("live-status");
const focusable = (part) => [...part.querySelectorAll("a, summary, [tabindex]")];
let saidAt = -Infinity;

function say(words, now = false) {
  if (!now && performance.now() - saidAt < 10000) return;
  saidAt = performance.now();
  if (status.textContent !== words) status.textContent = words;
}

function replace(part, markup) {
  const focused = focusable(part).indexOf(document.activeElement);
  const unfolded = [...part.querySelectorAll("details")].map(({ open }) => open);
  const scrolled = [...part.querySelectorAll(".scroll")].map(({ scrollLeft }) => scrollLeft);
  part.innerHTML = markup;
  part.hidden = markup === "";
  [...part.querySelectorAll("details")].forEach((details, i) => { details.open = unfolded[i] ?? false; });
  [...part.querySelectorAll(".scroll")].forEach((region, i) => { region.scrollLeft = scrolled[i] ?? 0; });
  if (focused >= 0) focusable(part)[focused]?.focus({ preventScroll: true });
}

const source = new EventSource("events");
source.addEventListener("part", ({ data }) => {
  const { id, markup } = JSON.parse(data);
  const part = document.getElementById(id);
  if (part) replace(part, markup);
});
source.addEventListener("status", ({ data }) => say(JSON.parse(data)));
source.addEventListener("end", ({ data }) => {
  source.close();
  say(JSON.parse(data), true);
});
source.addEventListener("error", () => say("The connection to trivet watch is lost. This is how the run stood then.", true));
`;
