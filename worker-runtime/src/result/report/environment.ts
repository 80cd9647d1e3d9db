import { canonicalJson } from "../../hash.ts";
import type { TaskTrace } from "../run-record.ts";
import { bytes, count } from "./format.ts";
import { type Html, html } from "./html.ts";

/** What computed: every distinct kernel stamp and mode, with how many tasks ran under it. */
export function environment(traces: readonly TaskTrace[]): Html {
  const learning = traces.filter(({ stamp }) => stamp !== undefined);
  if (learning.length === 0) return html`<p>No task said what it ran on.</p>`;
  const distinct = Map.groupBy(learning, ({ stamp, mode, eagerReason }) => canonicalJson({ stamp, mode, eagerReason }));
  const rows = [...distinct.values()].map((same) => {
    const { stamp, mode, eagerReason } = same[0]!;
    const { backend, tensorflow, threads, oneDnn, cpu } = stamp!;
    const library = backend === "tensorflow" ? "TensorFlow" : "TensorFlow.js in plain JavaScript (slow)";
    return html`<tr><th scope="row">${library} ${tensorflow}</th><td class="words">${
      mode === "recorded" ? "recorded: a step runs as one graph" : mode && "eager: op by op"
    }${eagerReason && `, since ${eagerReason}`}</td><td>${threads}</td><td>${oneDnn ? "on" : "off"}</td><td class="words">${
      cpu || "not known"
    }</td><td>${count(same.length)}</td></tr>
`;
  });
  return html`<div class="scroll" role="region" aria-label="Kernel stamps" tabindex="0"><table>
<thead><tr><th scope="col">Library</th><th scope="col" class="words">Training step</th><th scope="col">Threads</th><th scope="col">oneDNN</th><th scope="col" class="words">CPU features</th><th scope="col">Tasks</th></tr></thead>
<tbody>
${rows}</tbody>
</table></div>`;
}

/** What a run asked of its store and of its machines: what a cloud would bill, and what was redone. */
export function usage(traces: readonly TaskTrace[]): Html {
  const total = (part: (trace: TaskTrace) => number) => count(traces.reduce((sum, trace) => sum + part(trace), 0));
  const totalBytes = (part: (trace: TaskTrace) => number) => bytes(traces.reduce((sum, trace) => sum + part(trace), 0));
  const peak = traces.reduce((most, { peakMemoryBytes }) => Math.max(most, peakMemoryBytes), 0);
  const again = traces.filter(({ attempt }) => attempt > 1).length;
  return facts([
    [
      "Requests",
      `${total((t) => t.requests.put)} put, ${total((t) => t.requests.get)} get, ${total((t) => t.requests.head)} head, ${total((t) => t.requests.list)} list`,
    ],
    ["Read", totalBytes((trace) => trace.bytesRead)],
    ["Written", totalBytes((trace) => trace.bytesWritten)],
    ["Peak memory of a worker", bytes(peak)],
    ["Tasks delivered again", again === 0 ? "none" : `${count(again)} of ${count(traces.length)}`],
  ]);
}

/** Names and values side by side. */
export function facts(entries: readonly (readonly [name: string, value: Html | string])[]): Html {
  return html`<dl>${entries.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}
