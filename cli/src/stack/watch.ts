import { systemClock } from "@trivet/worker-runtime/clouds/local/clock";
import type { Stack } from "@trivet/worker-runtime/clouds/stack/open-stack";
import { watchJob } from "@trivet/worker-runtime/clouds/stack/watch-job";
import { UserError } from "@trivet/worker-runtime/errors";
import { Interrupt } from "../interrupt.ts";
import type { StackFlags } from "../options.ts";
import { exitCodeOf, failure, summary } from "../outcome.ts";
import { print, say } from "../output.ts";
import { openProgress } from "../progress/progress.ts";
import { commandFor } from "./open.ts";

export interface WatchFlags extends StackFlags {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Shows a job's rounds until it has ended. Ctrl-C leaves it running, and says how to come back. */
export async function followJob({ store }: Stack, job: string, flags: WatchFlags): Promise<void> {
  const goesOn = `${job} goes on in the cloud. Come back to it:\n  ${commandFor(flags, "watch", job)}`;
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
    if (!flags.quiet) print(`\nNext:\n  ${commandFor(flags, "fetch", job)}    download the result`);
  } catch (error) {
    progress.end();
    if (error instanceof UserError && error.exitCode === 3) say(goesOn);
    throw error;
  }
}
