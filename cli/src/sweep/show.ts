import type { RunOutcome, SweepEvent, SweepOutcome } from "@trivet/worker-runtime/clouds/local/sweep";
import type { Settings } from "@trivet/worker-runtime/sweep/settings";
import { styled } from "../output.ts";
import { counted, measure } from "../progress/format.ts";
import { table } from "../table.ts";

/** What an event says to a person; nothing for the last one, which has a table of its own. */
export function lineOf(event: SweepEvent, metric: string): string | undefined {
  switch (event.type) {
    case "sweep":
      return `${counted(event.runs, "run")}, by held-out ${event.metric}; ${event.better} is better`;
    case "rung":
      return `rung ${event.rung} of ${event.rungs}: ${counted(event.runs, "run")}`;
    case "run": {
      const value = event.value === undefined ? "" : `  ${metric} ${measure(event.value)}`;
      const trouble = event.state === "failed" ? `  failed: ${event.reason}` : "";
      const { done, of, job, settings } = event;
      return `${String(done).padStart(String(of).length)}/${of}  ${job}${value}  ${words(settings)}${trouble}`;
    }
    case "notice":
      return event.text;
    case "finished":
      return undefined;
  }
}

/** All runs, the best first, and what the best one sets. */
export function showOutcome({ runs, metric, best }: SweepOutcome): string {
  const paths = [...new Set(runs.flatMap(({ settings }) => Object.keys(settings)))];
  const rows = runs.map((run, i) => [
    ...[String(i + 1), run.job, stateOf(run), run.value === undefined ? "-" : measure(run.value)],
    ...paths.map((path) => JSON.stringify(run.settings[path]) ?? "-"),
  ]);
  return [
    ...table([["", "job", "state", metric, ...paths], ...rows], [0, 3]),
    "",
    best === undefined
      ? styled("red", "No run has a measured result.")
      : `${styled("green", "Best")}: ${best.job}, held-out ${metric} ${measure(best.value!)}, with ${words(best.settings)}`,
  ].join("\n");
}

function stateOf({ state, rounds, plannedRounds }: RunOutcome): string {
  return state === "interrupted" ? `${rounds}/${plannedRounds} rounds` : state;
}

function words(settings: Settings): string {
  return Object.entries(settings)
    .map(([path, value]) => `${path} ${JSON.stringify(value)}`)
    .join(", ");
}
