import type { PlanEvent, RunEvent } from "@trivet/worker-runtime/job/events";
import { print, say } from "../output.ts";
import { linesOf } from "./lines.ts";
import { TerminalProgress } from "./terminal.ts";

/** Shows what a run tells. */
export interface Progress {
  show(event: RunEvent): void;
  /** Leaves the terminal as it should be. */
  end(): void;
}

/** JSON lines with `--json`, a live line on a terminal, plain lines elsewhere, nothing when quiet. */
export function openProgress({ json, quiet }: { json?: boolean; quiet?: boolean }): Progress {
  if (json) return { show: (event) => print(JSON.stringify(event)), end() {} };
  if (quiet) return { show() {}, end() {} };
  return process.stderr.isTTY ? new TerminalProgress(process.stderr) : plainProgress();
}

function plainProgress(): Progress {
  let plan: PlanEvent | undefined;
  return {
    show(event) {
      if (event.type === "plan") plan = event;
      for (const line of linesOf(event, plan)) say(line);
    },
    end() {},
  };
}
