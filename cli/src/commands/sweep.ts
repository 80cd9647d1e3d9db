import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import type { SweepOutcome } from "@trivet/worker-runtime/clouds/local/sweep";
import type { Command } from "commander";
import { exitCodes } from "../errors.ts";
import { Interrupt } from "../interrupt.ts";
import { defaultStore, jsonOption, storeOption, wholeNumber } from "../options.ts";
import { print, say } from "../output.ts";
import { lineOf, showOutcome } from "../sweep/show.ts";

interface SweepFlags {
  readonly store: string;
  readonly processes?: number;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

const help = `Examples:
  $ trivet sweep                            every run of sweep.yaml; the same command goes on after Ctrl-C or a crash
  $ trivet sweep sweep.yaml --json | jq .   each run as a line of JSON

A sweep file:
  job: job.yaml                   # what is varied
  method: grid                    # or random, or halving: those that do worse stop early
  parameters:                     # fields of the job
    training.learningRate: [0.1, 1, 5]
    training.batchSize: [16, 64]
  # with random and halving there is also
  #   runs: 20                    how many draws
  #   seed: 1                     of the draws
  #   training.learningRate: { from: 0.01, to: 10, scale: log }    a range as a parameter
  # with halving also
  #   factor: 3                   one in so many trains on
`;

export function addSweep(program: Command): void {
  program
    .command("sweep")
    .summary("train a job with many settings, and name the best")
    .description(
      "Trains a job on this machine with many settings: every combination, random draws, or draws of which the better ones train on. " +
        "Each run is a job of its own, so a run that was trained before is not trained again. The exit code is 1 when no run has a measured result.",
    )
    .addHelpText("before", help)
    .argument("[sweep]", "the sweep file, YAML or JSON", "sweep.yaml")
    .option(
      "-p, --processes <number>",
      "worker processes, shared by all runs: how fast, never what comes out (default: one for each core)",
      wholeNumber(1, 1000),
    )
    .addOption(storeOption())
    .addOption(jsonOption("print events as JSON lines"))
    .option("-q, --quiet", "print nothing but the result")
    .action(sweep);
}

async function sweep(file: string, flags: SweepFlags): Promise<void> {
  const { readSweep } = await import("@trivet/worker-runtime/sweep/parse");
  const read = await readSweep(file);
  const { runSweep } = await import("@trivet/worker-runtime/clouds/local/sweep");
  let metric = "";
  using interrupt = new Interrupt(() => {
    if (!flags.quiet) say("\nStopping. Again: leave at once.");
  });
  const outcome = await runSweep({
    ...read,
    storeFolder: resolve(flags.store),
    processes: flags.processes ?? availableParallelism(),
    signal: interrupt.signal,
    onEvent: (event) => {
      if (flags.json) return print(JSON.stringify(event));
      if (event.type === "sweep") metric = event.metric;
      const line = lineOf(event, metric);
      if (line !== undefined && !flags.quiet) say(line);
    },
  });
  process.exitCode =
    outcome.state === "interrupted" ? interrupt.exitCode : outcome.state === "failed" ? exitCodes.failed : exitCodes.ok;
  if (flags.json) return;
  if (outcome.state === "interrupted") say("Stopped. Run the same command to go on.");
  else tell(outcome, flags);
}

function tell(outcome: SweepOutcome, { store, quiet }: SweepFlags): void {
  print(showOutcome(outcome));
  const { best, runs } = outcome;
  if (quiet || !best) return;
  const where = store === defaultStore ? "" : ` --store ${store}`;
  const some = runs.slice(0, 5).map(({ job }) => job);
  print(`\nNext:\n  trivet predict ${best.job}${where} <file>    ask the best model`);
  if (some.length > 1) print(`  trivet compare ${some.join(" ")}${where} --html compared.html`);
}
