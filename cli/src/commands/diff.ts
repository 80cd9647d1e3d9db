import { UserError } from "@trivet/worker-runtime/errors";
import type { JobSide } from "@trivet/worker-runtime/protocol/diff";
import type { Command } from "commander";
import { exitCodes } from "../errors.ts";
import { openLocalPlace, openPlace, openStackPlace, type PlaceFlags } from "../job-place.ts";
import { addStackOptions, jsonOption, storeOption } from "../options.ts";
import { print } from "../output.ts";
import { namesStack } from "../stack/open.ts";

interface DiffFlags extends PlaceFlags {
  readonly json?: boolean;
}

const help = `Examples:
  $ trivet diff sentiment-1a2b3c4d sentiment-1a2b3c4d-2    a job, and the same one trained --again
  $ trivet diff sentiment --stack dev                      a job here, and the one of that name on a stack
  $ trivet diff one two --stack dev                        two jobs of a stack
  $ trivet diff one ../there/.trivet/jobs/two/result       a job of another store, by its result's folder
`;

export function addDiff(program: Command): void {
  const command = program
    .command("diff")
    .summary("find where two jobs came to other bits")
    .description(
      "Follows the rounds of two jobs until their weights have other bits: names the round, the first tensor, and the workers whose " +
        "updates differ, and every field in which the jobs differ. The exit code is 1 when any bit differs.",
    )
    .addHelpText("before", help)
    .argument("<job>", "a job's name, or the folder of a result in a store")
    .argument("[other]", "another one; with a stack it may be left out: the job of that name there")
    .addOption(storeOption());
  addStackOptions(command).addOption(jsonOption("print one JSON object")).action(diff);
}

async function diff(written: string, other: string | undefined, flags: DiffFlags): Promise<void> {
  const [left, right] = await findBoth(written, other, flags);
  const [{ diffJobs }, { showDiff }] = await Promise.all([
    import("@trivet/worker-runtime/protocol/diff"),
    import("../diff/show.ts"),
  ]);
  const found = await diffJobs(left, right);
  print(flags.json ? JSON.stringify(found) : showDiff(found));
  if (!found.same) process.exitCode = exitCodes.failed;
}

async function findBoth(
  written: string,
  other: string | undefined,
  flags: DiffFlags,
): Promise<readonly [JobSide, JobSide]> {
  if (other !== undefined) {
    const place = await openPlace(flags);
    return [await place.find(written), await place.find(other)];
  }
  if (!namesStack(flags)) throw new UserError("Name two jobs; or one, and with --stack the stack that has the other.");
  const [here, there] = [await openLocalPlace(flags.store), await openStackPlace(flags)];
  return [await here.find(written), await there.find(written)];
}
