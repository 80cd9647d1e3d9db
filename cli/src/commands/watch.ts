import type { Command } from "commander";
import { addStackOptions, jsonOption } from "../options.ts";
import { openStackOf } from "../stack/open.ts";
import type { WatchFlags } from "../stack/watch.ts";

const help = `Examples:
  $ trivet watch sentiment --stack dev           follow the job until it has ended
  $ trivet watch sentiment --stack dev --json    every event as a line of JSON
`;

export function addWatch(program: Command): void {
  const command = program
    .command("watch")
    .summary("follow a job on a deployed stack")
    .description(
      "Shows a job's rounds until it has ended. Ctrl-C only ends the watching: the job goes on in the cloud. The exit code " +
        "is 1 when the job failed, 4 when it has spent its budget, and 5 when it was cancelled.",
    )
    .addHelpText("before", help)
    .argument("<job>", "a job's name");
  addStackOptions(command)
    .addOption(jsonOption("print events as JSON lines"))
    .option("-q, --quiet", "print nothing but what came out")
    .action(watch);
}

async function watch(written: string, flags: WatchFlags): Promise<void> {
  const stack = await openStackOf(flags);
  const [{ findStackJob }, { followJob }] = await Promise.all([
    import("../stack/find-job.ts"),
    import("../stack/watch.ts"),
  ]);
  await followJob(stack, await findStackJob(stack, written), flags);
}
