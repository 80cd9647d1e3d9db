import { relative, resolve } from "node:path";
import type { Stack } from "@trivet/worker-runtime/clouds/stack/open-stack";
import { UserError } from "@trivet/worker-runtime/errors";
import type { Command } from "commander";
import { unlessInterrupted } from "../interrupt.ts";
import { addStackOptions, jsonOption, type StackFlags } from "../options.ts";
import { heldOut } from "../outcome.ts";
import { print, styled } from "../output.ts";
import { openProgress } from "../progress/progress.ts";
import { openStackOf } from "../stack/open.ts";

interface FetchFlags extends StackFlags {
  readonly to?: string;
  readonly verify?: boolean;
  readonly json?: boolean;
}

const help = `Examples:
  $ trivet fetch sentiment --stack dev                  into a folder of the job's name
  $ trivet fetch sentiment --stack dev --to model       into the folder model
  $ trivet fetch sentiment --stack dev --verify         only if every round verifies, too
`;

export function addFetch(program: Command): void {
  const command = program
    .command("fetch")
    .summary("download a result from a deployed stack")
    .description(
      "Downloads a job's result and checks every file's hash. The folder appears when all of it is there; a download that was " +
        "broken off goes on. The exit code is 3 while the job has no result yet.",
    )
    .addHelpText("before", help)
    .argument("<job>", "a job's name");
  addStackOptions(command)
    .option("--to <folder>", "where to; a new folder (default: the job's whole name)")
    .option("--verify", "check the whole chain of rounds first; this reads everything that the job has stored")
    .addOption(jsonOption("print one JSON object"))
    .action(fetch);
}

async function fetch(written: string, flags: FetchFlags): Promise<void> {
  const stack = await openStackOf(flags);
  const { findStackJob } = await import("../stack/find-job.ts");
  const job = await findStackJob(stack, written);
  if (flags.verify) await verify(stack, job);
  const { fetchResult } = await import("@trivet/worker-runtime/clouds/stack/fetch-result");
  const folder = resolve(flags.to ?? job);
  const progress = openProgress({ quiet: flags.json ?? false });
  const result = await unlessInterrupted("Not all is here. The same command goes on.", (signal) =>
    fetchResult(stack.store, job, folder, { signal, onEvent: (event) => progress.show(event) }),
  ).finally(() => progress.end());
  if (!result) return;
  if (flags.json) return print(JSON.stringify({ folder, ...result }));
  const shown = relative("", folder) || ".";
  print(
    [
      `${styled("green", "Fetched")} ${job} to ${shown}: every hash fits`,
      ...heldOut(result.metrics),
      `  weights   sha256 ${result.weightsHash}`,
      "",
      `Next:\n  trivet predict ${shown.startsWith(".") ? shown : `./${shown}`} <file>    ask the model`,
    ].join("\n"),
  );
}

async function verify({ store }: Stack, job: string): Promise<void> {
  const { verifyJob } = await import("@trivet/worker-runtime/protocol/verify");
  const { problems } = await verifyJob(store, job);
  if (problems.length > 0)
    throw new UserError(`${job} does not verify, so nothing was fetched:\n  ${problems.join("\n  ")}`, 1);
}
