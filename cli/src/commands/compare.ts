import { writeFileSync } from "node:fs";
import { UserError } from "@trivet/worker-runtime/errors";
import type { Comparison } from "@trivet/worker-runtime/result/comparison";
import type { Command } from "commander";
import { openPlace, type PlaceFlags } from "../job-place.ts";
import { addStackOptions, jsonOption, storeOption } from "../options.ts";
import { print, say } from "../output.ts";

interface CompareFlags extends PlaceFlags {
  readonly html?: string;
  readonly json?: boolean;
}

const help = `Examples:
  $ trivet compare reviews-1a2b3c4d reviews-5e6f7a8b           what came out, and which parameters differ
  $ trivet compare one two three --html compared.html          also a page with their curves over each other
  $ trivet compare one two --stack dev                         jobs of a deployed stack
`;

export function addCompare(program: Command): void {
  const command = program
    .command("compare")
    .summary("set jobs side by side")
    .description(
      "Shows jobs side by side: state, rounds, metrics, time, weights, and the fields of their job files that differ. `trivet diff` " +
        "finds where two came to other bits.",
    )
    .addHelpText("before", help)
    .argument("<jobs...>", "two jobs or more: names, or folders of results in a store")
    .option("--html <file>", "also write a page that needs nothing but itself: curves over each other")
    .addOption(storeOption());
  addStackOptions(command).addOption(jsonOption("print one JSON object")).action(compare);
}

async function compare(written: readonly string[], flags: CompareFlags): Promise<void> {
  if (written.length < 2) throw new UserError("Name two jobs at least. `trivet list` shows those there are.");
  const place = await openPlace(flags);
  const { compareJobs } = await import("@trivet/worker-runtime/clouds/compare-jobs");
  const comparison = await compareJobs(await Promise.all(written.map((name) => place.find(name))));
  if (flags.html !== undefined) await writePage(comparison, flags.html);
  if (flags.json) return print(JSON.stringify({ store: place.name, ...withoutTraces(comparison) }));
  const { showComparison } = await import("../compare/show.ts");
  print(showComparison(comparison));
}

async function writePage(comparison: Comparison, file: string): Promise<void> {
  const { renderComparison } = await import("@trivet/worker-runtime/result/comparison");
  try {
    writeFileSync(file, renderComparison(comparison));
  } catch (error) {
    throw new UserError(`--html ${file} cannot be written: ${(error as Error).message}.`);
  }
  say(`Wrote ${file}.`);
}

/** `trivet logs --json` has what tasks measured. */
function withoutTraces({ jobs, fields }: Comparison): object {
  return { fields, jobs: jobs.map((job) => ({ ...job, rounds: job.rounds.map(({ traces: _, ...round }) => round) })) };
}
