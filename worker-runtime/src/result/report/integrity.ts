import type { PageRecord } from "../run-record.ts";
import { counted } from "./format.ts";
import { type Html, html } from "./html.ts";

/** Hashes by which a run is known, and every task that came to other bits than the stored ones. */
export function integrity({ weightsHash, dataset, rounds, divergences }: PageRecord): Html {
  const hashes = [
    ["Weights", weightsHash ?? "–", "SHA-256 of all weights: f32, little-endian, in the order of the parameters"],
    [
      "Training",
      rounds.at(-1)?.manifestHash ?? "–",
      "the last round's manifest, which holds the hash of the one before it, and so of all",
    ],
    ["Dataset", dataset.hash, "the dataset's manifest, which holds the hash of every shard"],
  ] as const;
  return html`<dl class="hashes">${hashes.map(
    ([
      name,
      hash,
      what,
    ]) => html`<div><dt>${name}</dt><dd><code>${hash}</code><br/><span class="note">${what}</span></dd></div>
`,
  )}</dl>
${divergences.length === 0 ? html`<p>No task that ran twice came to other bits.</p>` : divergenceTable(divergences)}`;
}

/** For the top of the page: undefined when all is well. */
export function divergenceWarning({ divergences }: PageRecord): Html | undefined {
  if (divergences.length === 0) return undefined;
  const tasks =
    divergences.length === 1 ? "1 task that ran again came" : `${divergences.length} tasks that ran again came`;
  return html`<p class="warning"><strong>Not reproducible:</strong> ${tasks} to other bits than those stored first. The stored ones were kept. <a href="#integrity">Which, and where</a>.</p>`;
}

const shownDivergences = 100;

function divergenceTable(divergences: PageRecord["divergences"]): Html {
  return html`<p>${counted(divergences.length, "divergence")}: a task ran again and came to other bits. What was stored first was kept.</p>
<div class="scroll" role="region" aria-label="Divergences" tabindex="0"><table>
<thead><tr><th scope="col" class="words">Object</th><th scope="col" class="words">Stored</th><th scope="col" class="words">Other</th><th scope="col" class="words">Place</th><th scope="col" class="words">Ran on</th></tr></thead>
<tbody>
${divergences.slice(0, shownDivergences).map(
  ({
    key,
    storedHash,
    otherHash,
    place,
    stamp,
    explanation,
  }) => html`<tr><th scope="row"><code>${key}</code></th><td class="words"><code>${storedHash.slice(0, 12)}</code></td><td class="words"><code>${otherHash.slice(0, 12)}</code></td><td class="words">${place}${explanation && html`<br/><span class="note">${explanation}</span>`}</td><td class="words">${
    stamp ? `${stamp.backend} ${stamp.tensorflow}, ${counted(stamp.threads, "thread")}, ${stamp.cpu}` : "not known"
  }</td></tr>
`,
)}</tbody>
</table></div>
${divergences.length > shownDivergences && html`<p class="note">The first ${shownDivergences} are shown.</p>`}`;
}
