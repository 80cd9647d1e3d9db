import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { JobCost, JobUse } from "@trivet/worker-runtime/cost/job-cost";
import { UserError } from "@trivet/worker-runtime/errors";
import type { ObjectStore } from "@trivet/worker-runtime/ports/object-store";
import type { Command } from "commander";
import type { KeptEstimate } from "../cost/kept-estimate.ts";
import { aligned, megabytes, money } from "../cost/table.ts";
import { readPricesOf } from "../job-options.ts";
import { addStackOptions, jsonOption, pricesOption, type StackFlags, storeOption } from "../options.ts";
import { print, styled } from "../output.ts";
import { count, counted } from "../progress/format.ts";
import { namesStack, openStackOf } from "../stack/open.ts";

interface CostFlags extends StackFlags {
  readonly store: string;
  readonly prices?: string;
  readonly json?: boolean;
}

const help = `Examples:
  $ trivet cost sentiment                     what a job that ran here would cost on each cloud
  $ trivet cost sentiment --stack dev         what a job of a deployed stack has cost so far
  $ trivet cost sentiment --json | jq .       one JSON object
`;

export function addCost(program: Command): void {
  const command = program
    .command("cost")
    .summary("tell what a job has cost")
    .description(
      "Adds up what the tasks of a job wrote down: function time, requests, bytes; by the same formula as `trivet estimate`, beside " +
        "what that said before the run, and what a run without disturbances costs at the job's own pace. Works while the job is " +
        "under way, too.",
    )
    .addHelpText("before", help)
    .argument("<job>", "a job's name")
    .addOption(storeOption());
  addStackOptions(command).addOption(pricesOption()).addOption(jsonOption("print one JSON object")).action(cost);
}

async function cost(written: string, flags: CostFlags): Promise<void> {
  const prices = (await readPricesOf(flags)) ?? (await import("@trivet/worker-runtime/cost/prices")).listPrices;
  const { store, job } = namesStack(flags) ? await inStack(written, flags) : await here(written, flags);
  const [{ readJobUse }, { jobCost }, { budgetOf, readDecisions }, { cloudNames }] = await Promise.all([
    import("@trivet/worker-runtime/cost/read-job-use"),
    import("@trivet/worker-runtime/cost/job-cost"),
    import("@trivet/worker-runtime/protocol/decisions"),
    import("@trivet/worker-runtime/cost/prices"),
  ]);
  const use = await readJobUse(store, job);
  const told = jobCost(use, prices);
  const estimate = await estimateOf(job, use, flags);
  const budget = budgetOf(await readDecisions(store, job))?.budget.dollars;
  if (flags.json) {
    const { rounds } = use.plan;
    return print(
      JSON.stringify({ job, roundsClosed: use.rounds.length, rounds, ...(budget && { budget }), ...told, estimate }),
    );
  }
  if (told.tasks === 0) return print(`${job} has not completed a round yet; there is nothing to add up.`);
  print(show(job, told, budget, estimate, cloudNames));
}

/** What `trivet estimate` said on this machine before the job ran. */
async function estimateOf(job: string, { rounds }: JobUse, { store }: CostFlags): Promise<KeptEstimate | undefined> {
  if (!existsSync(resolve(store))) return undefined;
  const [{ lastEstimate }, { LocalObjectStore }] = await Promise.all([
    import("../cost/kept-estimate.ts"),
    import("@trivet/worker-runtime/clouds/local/object-store"),
  ]);
  const ends = (rounds[0]?.traces ?? []).map(({ finishedAtMs }) => finishedAtMs);
  return lastEstimate(await LocalObjectStore.open(resolve(store)), job, Math.max(0, ...ends));
}

async function here(written: string, { store }: CostFlags): Promise<{ store: ObjectStore; job: string }> {
  const [{ findJob }, { LocalObjectStore }] = await Promise.all([
    import("../find-result.ts"),
    import("@trivet/worker-runtime/clouds/local/object-store"),
  ]);
  const { job, storeFolder } = findJob(written, resolve(store));
  if (job === undefined || storeFolder === undefined)
    throw new UserError(
      `${written} is a result outside a store: what its tasks used is not with it. Name a job of a store.`,
    );
  return { store: await LocalObjectStore.open(storeFolder), job };
}

async function inStack(written: string, flags: CostFlags): Promise<{ store: ObjectStore; job: string }> {
  const stack = await openStackOf(flags);
  const { findStackJob } = await import("../stack/find-job.ts");
  return { store: stack.store, job: await findStackJob(stack, written) };
}

function show(
  job: string,
  told: JobCost,
  budget: number | undefined,
  estimate: KeptEstimate | undefined,
  names: Readonly<Record<string, string>>,
): string {
  const { clouds, ranOn, coldStarts, peakMemoryBytes } = told;
  const gap = (value: number) => `${value >= 0 ? "+" : ""}${(100 * value).toFixed(1)} %`;
  const where = ranOn
    ? `ran on ${names[ranOn]}, in functions of ${count(told.memoryMib)} MiB`
    : `ran on this machine; a cloud would ask for the same times, in functions of ${count(told.memoryMib)} MiB`;
  return [
    `${styled("bold", job)}  ${where}`,
    "",
    ...aligned([
      ["", ...clouds.map(({ cloud }) => names[cloud]!)],
      ...clouds[0]!.items.map(({ name }, i) => [name, ...clouds.map(({ items }) => money(items[i]!.dollars))]),
      ["sum", ...clouds.map(({ dollars }) => money(dollars))],
      ["forecast", ...clouds.map(({ forecastDollars }) => money(forecastDollars))],
      ["gap", ...clouds.map((cloud) => gap(cloud.gap))],
      ...(estimate
        ? [
            ["estimated before", ...clouds.map(({ cloud }) => money(estimate.dollars[cloud].expected))],
            ["gap", ...clouds.map(({ cloud, dollars }) => gap(dollars / estimate.dollars[cloud].expected - 1))],
          ]
        : []),
    ]),
    "",
    ...(budget === undefined ? [] : [`  budget       ${money(budget)}`]),
    `  used         ${count(told.computeSeconds)} s of functions in ${counted(told.tasks, "task")}, ${count(told.requests)} requests, ${megabytes(told.bytes)}`,
    `  cold starts  ${coldStarts.tasks}, ${(100 * coldStarts.part).toFixed(1)} % of the tasks`,
    `  memory       ${count(peakMemoryBytes / 2 ** 20)} MiB at most`,
    ...told.reasons.map((reason) => `  gap          ${reason}`),
    ...(told.advice ? [`  advice       ${told.advice}`] : []),
  ].join("\n");
}
