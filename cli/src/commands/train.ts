import { availableParallelism } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import type { TrainOutcome } from "@trivet/worker-runtime/job/events";
import type { Command } from "commander";
import { Interrupt } from "../interrupt.ts";
import { readPricesOf, withOptions } from "../job-options.ts";
import { budgetOption, defaultStore, jsonOption, pricesOption, storeOption, wholeNumber } from "../options.ts";
import { exitCodeOf, failure, summary } from "../outcome.ts";
import { print, say } from "../output.ts";
import { openProgress } from "../progress/progress.ts";

interface TrainFlags {
  readonly store: string;
  readonly processes?: number;
  readonly again?: boolean;
  readonly seed?: number;
  readonly budget?: number;
  readonly prices?: string;
  readonly chaos?: number;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

const help = `Examples:
  $ trivet train                             train job.yaml
  $ trivet train job.yaml --processes 2      the same result, with two processes
  $ trivet train job.yaml --budget 2.50      stop before the round that might cost more, and keep the model
  $ trivet train job.yaml --json | jq .      every event as a line of JSON
`;

export function addTrain(program: Command): void {
  program
    .command("train")
    .summary("train a job on this machine")
    .description("Trains a job on this machine. The same command again goes on from what is stored.")
    .addHelpText("before", help)
    .argument("[job]", "the job file, YAML or JSON", "job.yaml")
    .option(
      "-p, --processes <number>",
      "worker processes: how fast, never what comes out (default: one for each core, at most one for each worker)",
      wholeNumber(1, 1000),
    )
    .option("--seed <number>", "instead of the job's seed", wholeNumber(0, 2 ** 31 - 1))
    .option("--again", "train once more what is trained already, beside the first result")
    .addOption(budgetOption())
    .addOption(pricesOption())
    .option(
      "--chaos <seed>",
      "kill workers, damage what they read, double their messages, as drawn from this seed; the result is the same",
      wholeNumber(0, 2 ** 31 - 1),
    )
    .addOption(storeOption())
    .addOption(jsonOption("print events as JSON lines"))
    .option("-q, --quiet", "print nothing but the result")
    .action(train);
}

async function train(file: string, flags: TrainFlags): Promise<void> {
  const { readJob } = await import("@trivet/worker-runtime/job/parse");
  const document = withOptions(await readJob(file), flags);
  const prices = await readPricesOf(flags);
  const progress = openProgress(flags);
  using interrupt = new Interrupt(() => {
    if (!flags.quiet) say("\nStopping. Again: leave at once.");
  });
  let outcome: TrainOutcome;
  try {
    const { trainLocally } = await import("@trivet/worker-runtime/clouds/local/train");
    outcome = await trainLocally({
      document,
      folder: dirname(resolve(file)),
      storeFolder: resolve(flags.store),
      processes: Math.min(flags.processes ?? availableParallelism(), document.workers),
      again: flags.again ?? false,
      prices,
      chaosSeed: flags.chaos,
      signal: interrupt.signal,
      onEvent: (event) => progress.show(event),
    });
  } finally {
    progress.end();
  }
  if (!flags.json) tell(outcome, flags);
  process.exitCode = exitCodeOf(outcome, interrupt);
}

function tell(outcome: TrainOutcome, flags: TrainFlags): void {
  const { state, job, resultFolder } = outcome;
  if (state === "interrupted") {
    say(`Stopped. Run the same command to go on from round ${outcome.nextRound}.`);
    return;
  }
  if (state === "failed") {
    say(failure(outcome));
    return;
  }
  print(summary(outcome));
  if (!resultFolder || flags.quiet) return;
  const folder = relative("", resultFolder) || ".";
  const store = flags.store === defaultStore ? "" : ` --store ${flags.store}`;
  print(`
Next:
  trivet predict ${job}${store} <file>    ask the model
  trivet inspect ${job}${store}           check and show what was stored
  open ${join(folder, "report.html")}`);
  if (state === "out-of-budget")
    print(`  trivet train ... --budget <dollars>     go on from round ${outcome.nextRound}, with more`);
}
