import type { Limit, Option as Planned, Variable } from "@trivet/worker-runtime/cost/planner";
import { UserError } from "@trivet/worker-runtime/errors";
import { type Command, InvalidArgumentError, Option } from "commander";
import { aboutPrices, type EstimateFlags, type Prepared, prepareEstimate } from "../cost/prepare-estimate.ts";
import { aligned, money } from "../cost/table.ts";
import { dollars, jsonOption, pricesOption, storeOption, wholeNumber } from "../options.ts";
import { print, styled } from "../output.ts";
import { count, duration } from "../progress/format.ts";

interface PlanFlags extends EstimateFlags {
  readonly deadline?: number;
  readonly budget?: number;
  readonly cloud?: "aws" | "gcp" | "azure";
  readonly vary: readonly Variable[];
  readonly maxWorkers: number;
}

const help = `Examples:
  $ trivet plan job.yaml --deadline 30m            the cheapest way to be ready in half an hour
  $ trivet plan job.yaml --budget 2.00             the fastest way for two dollars
  $ trivet plan job.yaml --cloud aws --vary codec  on one cloud, with as many workers as the job says
`;

/** Rows of the frontier that are shown; --json has them all. */
const shownRows = 12;

export function addPlan(program: Command): void {
  program
    .command("plan")
    .summary("choose workers, memory and codec for a deadline or a budget")
    .description(
      "Chooses cloud, memory and reducers, which change no result, and workers and codec, which do: the result has other bits, and " +
        "the more workers average, the fewer rounds there are (at least a quarter). All choices see the same number of examples. Shows every choice that " +
        "no other beats in both time and dollars. Changes nothing: what is chosen is yours to write into the job file.",
    )
    .addHelpText("before", help)
    .argument("[job]", "the job file, YAML or JSON", "job.yaml")
    .option("--deadline <time>", "be ready within 90s, 30m or 2h: the cheapest such choice", time)
    .addOption(
      new Option("--budget <dollars>", "cost at most so much: the fastest such choice")
        .argParser(dollars)
        .conflicts("deadline"),
    )
    .addOption(new Option("--cloud <name>", "only this cloud").choices(["aws", "gcp", "azure"]))
    .option("--vary <names>", "of workers, codec, steps (and nothing: none), by commas", variable, ["workers", "codec"])
    .option("--max-workers <number>", "functions that may work at once", wholeNumber(1, 1000), 64)
    .option("--seed <number>", "instead of the job's seed", wholeNumber(0, 2 ** 31 - 1))
    .addOption(pricesOption())
    .addOption(storeOption("the folder in which data is prepared"))
    .addOption(jsonOption("print one JSON object"))
    .action(plan);
}

/** "90s", "30m", "2h" in milliseconds. */
function time(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(s|m|h)$/.exec(text);
  const milliseconds = match ? Number(match[1]) * { s: 1000, m: 60_000, h: 3_600_000 }[match[2] as "s" | "m" | "h"] : 0;
  if (milliseconds > 0) return milliseconds;
  throw new InvalidArgumentError("It must be a time such as 90s, 30m or 2h.");
}

function variable(text: string): Variable[] {
  const names = text === "none" ? [] : text.split(",");
  const wrong = names.find((name) => !["workers", "codec", "steps"].includes(name));
  if (wrong === undefined) return names as Variable[];
  throw new InvalidArgumentError("It must be some of workers, codec and steps, by commas, or none.");
}

async function plan(file: string, flags: PlanFlags): Promise<void> {
  const prepared = await prepareEstimate(file, flags);
  const [planner, { clouds, cloudNames }] = await Promise.all([
    import("@trivet/worker-runtime/cost/planner"),
    import("@trivet/worker-runtime/cost/prices"),
  ]);
  const { plan, pace, dataset, prices, peakMemoryBytes } = prepared;
  const input = {
    ...{ plan, pace, dataset, prices, vary: flags.vary, maximumWorkers: Math.max(flags.maxWorkers, plan.workers) },
    clouds: flags.cloud ? [flags.cloud] : clouds,
    minimumMemoryMib: Math.max(1024, Math.ceil((1.5 * peakMemoryBytes) / 2 ** 20 / 512) * 512),
  };
  const limit: Limit = {
    ...(flags.deadline !== undefined && { deadlineMs: flags.deadline }),
    ...(flags.budget !== undefined && { dollars: flags.budget }),
  };
  const coarse = planner.judgeAll(input);
  const chosen = planner.bestWithin(input, limit, coarse);
  const found = planner.frontier(chosen ? [...coarse, chosen] : coarse);
  if (!chosen) throw noChoice(limit, found, file);
  const changes = planner.changesOf(plan, chosen.choice);
  if (flags.json)
    return print(JSON.stringify({ job: plan.job, chosen, changes, frontier: found, oldPrices: prepared.oldPrices }));
  print(show(prepared, chosen, changes, planner.thinned(found, shownRows), cloudNames));
}

function noChoice({ deadlineMs, dollars }: Limit, found: readonly Planned[], file: string): UserError {
  const [fastest, cheapest] = [found[0]!, found.at(-1)!];
  return new UserError(
    deadlineMs !== undefined
      ? `${file} cannot be ready in ${duration(deadlineMs)}: the fastest choice takes ${duration(fastest.wallMs)}, for ${money(fastest.dollars)}.`
      : `${file} cannot be had for ${money(dollars!)}: the cheapest choice costs ${money(cheapest.dollars)}, and takes ${duration(cheapest.wallMs)}.`,
  );
}

function show(
  prepared: Prepared,
  chosen: Planned,
  changes: readonly string[],
  frontier: readonly Planned[],
  names: Readonly<Record<string, string>>,
): string {
  const row = ({ choice, rounds, wallMs, dollars }: Planned, mark: string) => [
    ...[mark, duration(wallMs), money(dollars), names[choice.cloud]!, String(choice.workers), count(rounds)],
    ...[String(choice.localSteps), count(choice.memoryMib), choice.codec, String(choice.reducers)],
  ];
  const { choice } = chosen;
  return [
    `${styled("bold", prepared.plan.job)}  a step takes ${prepared.pace.stepMs.toPrecision(2)} ms, ${prepared.paceFrom}`,
    "",
    ...aligned([
      ["", "time", "dollars", "cloud", "workers", "rounds", "steps", "MiB", "codec", "reducers"],
      ...frontier.filter((option) => option !== chosen).map((option) => row(option, "")),
      row(chosen, "chosen"),
    ]),
    "",
    `${names[choice.cloud]} with memoryMib ${choice.memoryMib}; in the job file:`,
    ...(changes.length > 0
      ? [
          ...changes.map((change) => `  ${change}`),
          "These change the result: other bits, and it may learn a little better or worse. Measure once.",
        ]
      : ["  nothing: the result stays the same, to the bit"]),
    ...aboutPrices(prepared),
  ].join("\n");
}
