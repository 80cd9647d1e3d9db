import { dirname, resolve } from "node:path";
import type { Outcome } from "@trivet/worker-runtime/clouds/read-outcome";
import type { Command } from "commander";
import { unlessInterrupted } from "../interrupt.ts";
import { readPricesOf, withOptions } from "../job-options.ts";
import {
  addStackOptions,
  budgetOption,
  jsonOption,
  pricesOption,
  type StackFlags,
  storeOption,
  wholeNumber,
} from "../options.ts";
import { print } from "../output.ts";
import { openProgress } from "../progress/progress.ts";
import { commandFor, openStackOf } from "../stack/open.ts";

interface SubmitFlags extends StackFlags {
  readonly store: string;
  readonly watch?: boolean;
  readonly again?: boolean;
  readonly seed?: number;
  readonly budget?: number;
  readonly prices?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

const help = `Examples:
  $ trivet submit job.yaml --stack dev                          start a job in the cloud
  $ trivet submit job.yaml --stack dev --watch                  and follow it; Ctrl-C leaves it running
  $ trivet submit job.yaml --stack-outputs outputs.json --json  where Pulumi is not at hand
`;

export function addSubmit(program: Command): void {
  const command = program
    .command("submit")
    .summary("train a job on a deployed stack")
    .description(
      "Prepares a job's data here, uploads it once, and starts the job on a deployed stack. The same command again uploads " +
        "nothing and does no harm; a job that stands still because messages were lost goes on.",
    )
    .addHelpText("before", help)
    .argument("[job]", "the job file, YAML or JSON", "job.yaml");
  addStackOptions(command)
    .option("-w, --watch", "follow the job until it has ended")
    .option("--seed <number>", "instead of the job's seed", wholeNumber(0, 2 ** 31 - 1))
    .option("--again", "train once more what has ended already, beside the first result")
    .addOption(budgetOption())
    .addOption(pricesOption())
    .addOption(storeOption("the folder in which data is prepared"))
    .addOption(jsonOption("print events as JSON lines"))
    .option("-q, --quiet", "print nothing but the job's name; with --watch also what came out")
    .action(submit);
}

async function submit(file: string, flags: SubmitFlags): Promise<void> {
  const { readJob } = await import("@trivet/worker-runtime/job/parse");
  const document = withOptions(await readJob(file), flags);
  const prices = await readPricesOf(flags);
  const stack = await openStackOf(flags);
  const [{ LocalObjectStore }, { systemClock }, { submitJob }] = await Promise.all([
    import("@trivet/worker-runtime/clouds/local/object-store"),
    import("@trivet/worker-runtime/clouds/local/clock"),
    import("@trivet/worker-runtime/clouds/stack/submit-job"),
  ]);
  const local = await LocalObjectStore.open(resolve(flags.store));
  const progress = openProgress(flags);
  const earlier = await unlessInterrupted("Nothing was submitted. The same command goes on.", (signal) =>
    submitJob(stack, {
      ...{
        document,
        folder: dirname(resolve(file)),
        local,
        clock: systemClock,
        again: flags.again ?? false,
        prices,
        signal,
      },
      onEvent: (event) => progress.show(event),
    }),
  ).finally(() => progress.end());
  if (!earlier) return;
  tell(earlier, stack.outputs.storeUrl, flags);
  if (!flags.watch) return;
  const { followJob } = await import("../stack/watch.ts");
  await followJob({ store: stack.store, job: earlier.job }, flags);
}

function tell({ job, state }: Outcome, store: string, flags: SubmitFlags): void {
  if (flags.json) print(JSON.stringify({ type: "submitted", job, store }));
  else if (flags.quiet) print(job);
  else print(`Submitted ${job} to ${store}`);
  if (flags.json || flags.quiet || flags.watch) return;
  const meanwhile = {
    watch: "follow it; Ctrl-C leaves it running",
    cancel: "end it; its last complete round becomes the result",
  };
  const steps = { ...(state === "interrupted" && meanwhile), fetch: "download the result, once there is one" };
  print("\nNext:");
  for (const [command, what] of Object.entries(steps)) print(`  ${commandFor(flags, command, job)}    ${what}`);
}
