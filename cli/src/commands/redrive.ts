import { UserError } from "@trivet/worker-runtime/errors";
import type { Command } from "commander";
import { addStackOptions, jsonOption, type StackFlags } from "../options.ts";
import { print } from "../output.ts";
import { openStackOf } from "../stack/open.ts";

const help = `Examples:
  $ trivet redrive --stack dev        once what kept the workers from working is mended
`;

export function addRedrive(program: Command): void {
  const command = program
    .command("redrive")
    .summary("send the dead letters of a deployed stack again")
    .description(
      "Sends every task that was put aside, because it was delivered too often, into the queue again. It needs the right to " +
        "take messages out of the dead-letter queue, which whoever deployed the stack has, and the submitter's role has not. A task " +
        "that was done meanwhile does no harm.",
    )
    .addHelpText("before", help);
  addStackOptions(command).addOption(jsonOption("print one JSON object")).action(redriveAll);
}

async function redriveAll(flags: StackFlags & { readonly json?: boolean }): Promise<void> {
  const stack = await openStackOf(flags);
  const { redrive } = await import("@trivet/worker-runtime/clouds/stack/redrive");
  const count = await redrive(stack);
  if (count === undefined)
    throw new UserError("This stack names no dead-letter queue: its output deadLetterQueueUrl is empty.");
  if (flags.json) return print(JSON.stringify({ sentAgain: count }));
  print(
    count === 0
      ? "There are no dead letters."
      : `Sent ${count === 1 ? "1 dead letter" : `${count} dead letters`} again.`,
  );
}
