import { systemClock } from "@trivet/worker-runtime/clouds/local/clock";
import { watchJob } from "@trivet/worker-runtime/clouds/stack/watch-job";
import { UserError } from "@trivet/worker-runtime/errors";
import { Interrupt } from "../interrupt.ts";
import type { LocatedJob } from "../job-place.ts";
import { defaultStore, type StackFlags } from "../options.ts";
import { exitCodeOf, failure, summary } from "../outcome.ts";
import { print, say } from "../output.ts";
import { openProgress } from "../progress/progress.ts";
import { commandFor, namesStack } from "./open.ts";

export interface WatchFlags extends StackFlags {
  readonly store: string;
  readonly web?: boolean;
  readonly port?: number;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Shows a job's rounds until it has ended. Ctrl-C leaves it running, and says how to come back. */
export async function followJob({ store, job }: LocatedJob, flags: WatchFlags): Promise<void> {
  const goesOn = `${job} goes on${namesStack(flags) ? " in the cloud" : ""}. Come back to it:\n  ${commandOf(flags, "watch", job)}`;
  const web = flags.web ? await startWeb({ store, job }, flags) : undefined;
  const progress = openProgress(flags);
  using interrupt = new Interrupt(() => {
    progress.end();
    if (!flags.quiet) say(`\n${goesOn}`);
  });
  try {
    const outcome = await watchJob(store, job, {
      clock: systemClock,
      signal: interrupt.signal,
      onEvent: (event) => progress.show(event),
    });
    progress.end();
    process.exitCode = exitCodeOf(outcome, interrupt);
    if (flags.json || outcome.state === "interrupted") return;
    if (outcome.state === "failed") return say(failure(outcome));
    print(summary(outcome));
    if (flags.quiet) return;
    const next = namesStack(flags) ? "    download the result" : " <file>    ask the model";
    print(`\nNext:\n  ${commandOf(flags, namesStack(flags) ? "fetch" : "predict", job)}${next}`);
  } catch (error) {
    progress.end();
    if (error instanceof UserError && error.exitCode === 3) say(goesOn);
    throw error;
  } finally {
    await web?.end();
  }
}

async function startWeb(located: LocatedJob, flags: WatchFlags) {
  const { LiveView } = await import("../web/live.ts");
  return LiveView.start(located, namesStack(flags) ? "cloud" : "here", flags.port);
}

function commandOf(flags: WatchFlags, command: string, job: string): string {
  if (namesStack(flags)) return commandFor(flags, command, job);
  return `trivet ${command} ${job}${flags.store === defaultStore ? "" : ` --store ${flags.store}`}`;
}
