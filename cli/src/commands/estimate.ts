import type { CloudEstimate, Interval } from "@trivet/worker-runtime/cost/estimate";
import type { Command } from "commander";
import { aboutPrices, type EstimateFlags, type Prepared, prepareEstimate } from "../cost/prepare-estimate.ts";
import { aligned, megabytes, money } from "../cost/table.ts";
import { jsonOption, pricesOption, storeOption, wholeNumber } from "../options.ts";
import { print, styled } from "../output.ts";
import { count, duration } from "../progress/format.ts";

interface Flags extends EstimateFlags {
  readonly memory: number;
  readonly concurrency?: number;
  readonly explain?: boolean;
}

const help = `Examples:
  $ trivet estimate job.yaml                         time and dollars of one run, on each cloud
  $ trivet estimate job.yaml --explain               the formula, with the numbers in it
  $ trivet estimate job.yaml --prices ours.yaml      with prices of your own
  $ trivet estimate job.yaml --memory 4096 --json    larger functions; one JSON object
`;

export function addEstimate(program: Command): void {
  program
    .command("estimate")
    .summary("tell what a job is going to cost")
    .description(
      "Tells what one run of a job is going to take on each cloud: time, dollars and bytes, with the interval that holds four of " +
        "five runs. The time of a step comes from rounds that the job has run in the store, else from some steps taken now.",
    )
    .addHelpText("before", help)
    .argument("[job]", "the job file, YAML or JSON", "job.yaml")
    .option("--memory <MiB>", "memory of a function", wholeNumber(128, 32_768), 2048)
    .option(
      "--concurrency <number>",
      "functions that work at once (default: one for each worker)",
      wholeNumber(1, 1000),
    )
    .option("--explain", "also show the formula with the numbers in it")
    .option("--seed <number>", "instead of the job's seed", wholeNumber(0, 2 ** 31 - 1))
    .addOption(pricesOption())
    .addOption(storeOption("the folder in which data is prepared"))
    .addOption(jsonOption("print one JSON object"))
    .action(estimateJob);
}

async function estimateJob(file: string, flags: Flags): Promise<void> {
  const prepared = await prepareEstimate(file, flags);
  const { estimate } = await import("@trivet/worker-runtime/cost/estimate");
  const { plan, pace, dataset, prices } = prepared;
  const clouds = estimate({
    ...{ plan, pace, dataset, prices, memoryMib: flags.memory },
    ...(flags.concurrency !== undefined && { functions: Math.min(flags.concurrency, plan.workers) }),
  });
  const { keepEstimate } = await import("../cost/kept-estimate.ts");
  await keepEstimate(prepared.store, plan.job, clouds, Date.now());
  if (flags.json) {
    const { job, rounds, workers, localSteps, codec, reducers } = plan;
    const { paceFrom, oldPrices } = prepared;
    const told = { job, plan: { rounds, workers, localSteps, codec, reducers }, pace, paceFrom, clouds, oldPrices };
    return print(JSON.stringify(told));
  }
  const { cloudNames } = await import("@trivet/worker-runtime/cost/prices");
  print(show(prepared, clouds, cloudNames));
  if (flags.explain) {
    const { explain } = await import("../cost/explain.ts");
    print(`\n${explain(prepared, clouds, cloudNames)}`);
  }
}

function show(prepared: Prepared, clouds: readonly CloudEstimate[], names: Readonly<Record<string, string>>): string {
  const { plan, pace, paceFrom } = prepared;
  const row = (name: string, value: (estimate: CloudEstimate) => string) => [name, ...clouds.map(value)];
  const from = (interval: Interval, format: (value: number) => string) =>
    `${format(interval.low)} - ${format(interval.high)}`;
  const { requests, bytes } = clouds[0]!;
  return [
    `${styled("bold", plan.job)}  ${count(plan.rounds)} rounds of ${count(plan.localSteps)} steps by ${count(plan.workers)} workers`,
    `  a step takes ${duration1(pace.stepMs)}, ${paceFrom}; a cloud's core is taken to be as fast`,
    "",
    ...aligned([
      row("", ({ cloud, region }) => `${names[cloud]}, ${region}`),
      row("one run", ({ dollars }) => money(dollars.expected)),
      row("  four of five runs", ({ dollars }) => from(dollars, money)),
      row("time", ({ wallMs }) => duration(wallMs.expected)),
      row("  four of five runs", ({ wallMs }) => from(wallMs, duration)),
      row("function seconds", ({ computeSeconds }) => count(computeSeconds)),
      row("mostly", ({ dominant }) => `${dominant.name}, ${Math.round(100 * dominant.part)} %`),
      row("a month of a run a day", ({ monthlyDollars }) => money(monthlyDollars)),
      row("a machine for the month", ({ alwaysOn }) => `${money(alwaysOn.dollars)} (${alwaysOn.name})`),
      row("  cheaper from runs a month", ({ alwaysOn }) => count(alwaysOn.cheaperFromRuns)),
      row("  cheaper if in use for", ({ alwaysOn }) => utilisation(alwaysOn.cheaperFromUtilisation)),
    ]),
    "",
    `  ${count(requests)} requests and ${megabytes(bytes)} between functions and store; list prices without free grants,`,
    "  but the month has them.",
    ...aboutPrices(prepared),
  ].join("\n");
}

function utilisation(part: number): string {
  return part > 1 ? "never" : `${Math.round(100 * part)} % of its time`;
}

/** Steps are short. */
function duration1(milliseconds: number): string {
  return milliseconds < 100 ? `${milliseconds.toPrecision(2)} ms` : duration(milliseconds);
}
