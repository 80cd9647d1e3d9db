import { UserError } from "@trivet/worker-runtime/errors";
import type { Command } from "commander";
import { openPlace } from "../job-place.ts";
import { addStackOptions, jsonOption, storeOption, wholeNumber } from "../options.ts";
import type { WatchFlags } from "../stack/watch.ts";

const help = `Examples:
  $ trivet watch sentiment --stack dev           follow a job of a deployed stack until it has ended
  $ trivet watch sentiment --stack dev --json    every event as a line of JSON
  $ trivet watch sentiment --web                 a page with its curves and workers, as a job trains here
`;

export function addWatch(program: Command): void {
  const command = program
    .command("watch")
    .summary("follow a job, on a deployed stack or here")
    .description(
      "Shows a job's rounds until it has ended. Ctrl-C only ends the watching: the job goes on. The exit code is 1 when the job " +
        "failed, 4 when it has spent its budget, and 5 when it was cancelled.",
    )
    .addHelpText("before", help)
    .argument("<job>", "a job's name")
    .option("--web", "also show it as a page for a browser on this machine, at an address that nobody else knows")
    .option("--port <number>", "of that page (default: a free one)", wholeNumber(1024, 65535))
    .addOption(storeOption());
  addStackOptions(command)
    .addOption(jsonOption("print events as JSON lines"))
    .option("-q, --quiet", "print nothing but what came out")
    .action(watch);
}

async function watch(written: string, flags: WatchFlags): Promise<void> {
  if (flags.port !== undefined && !flags.web) throw new UserError("--port is that of the page; say --web, too.");
  const [place, { followJob }] = await Promise.all([openPlace(flags), import("../stack/watch.ts")]);
  await followJob(await place.find(written), flags);
}
