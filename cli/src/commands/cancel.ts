import { type Command, InvalidArgumentError } from "commander";
import { addStackOptions, jsonOption, type StackFlags } from "../options.ts";
import { print } from "../output.ts";
import { commandFor, openStackOf } from "../stack/open.ts";

interface CancelFlags extends StackFlags {
  readonly reason: string;
  readonly json?: boolean;
}

const help = `Examples:
  $ trivet cancel sentiment --stack dev
  $ trivet cancel sentiment --stack dev --reason "the wrong data"
`;

export function addCancel(program: Command): void {
  const command = program
    .command("cancel")
    .summary("end a job on a deployed stack")
    .description(
      "Ends a job for good. What its last complete round came to becomes its result. Cancelling twice is harmless; a job that " +
        "has ended already is an error.",
    )
    .addHelpText("before", help)
    .argument("<job>", "a job's name");
  addStackOptions(command)
    .option("--reason <text>", "why; it is kept with the job", shortText, "somebody asked for it")
    .addOption(jsonOption("print one JSON object"))
    .action(cancel);
}

async function cancel(written: string, flags: CancelFlags): Promise<void> {
  const stack = await openStackOf(flags);
  const [{ cancelJob }, { systemClock }, { findStackJob }] = await Promise.all([
    import("@trivet/worker-runtime/clouds/stack/cancel-job"),
    import("@trivet/worker-runtime/clouds/local/clock"),
    import("../stack/find-job.ts"),
  ]);
  const job = await findStackJob(stack, written);
  const { reason, wasCancelled } = await cancelJob(stack, job, flags.reason, systemClock);
  if (flags.json) return print(JSON.stringify({ job, reason, wasCancelled }));
  if (wasCancelled) return print(`${job} was cancelled before: ${reason}`);
  print(
    `${job} is being cancelled. Tasks under way come to their end; then its last complete round becomes the result.\n\n` +
      `Next:\n  ${commandFor(flags, "watch", job)}    wait for it`,
  );
}

function shortText(text: string): string {
  const trimmed = text.trim();
  if (trimmed !== "" && trimmed.length <= 500) return trimmed;
  throw new InvalidArgumentError("It must have 1 to 500 characters.");
}
