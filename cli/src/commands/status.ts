import type { Command } from "commander";
import { addStackOptions, jsonOption, type StackFlags } from "../options.ts";
import { print } from "../output.ts";
import { openStackOf } from "../stack/open.ts";

interface StatusFlags extends StackFlags {
  readonly json?: boolean;
}

const help = `Examples:
  $ trivet status --stack dev                the jobs of the stack
  $ trivet status sentiment --stack dev      how one of them stands
`;

export function addStatus(program: Command): void {
  const command = program
    .command("status")
    .summary("tell how the jobs of a deployed stack stand")
    .description(
      "Tells how a job stands: its round, its metrics, its last sign of life, and tasks that were given up; without a job, " +
        "all jobs. The exit code is 0 whatever the job's state is.",
    )
    .addHelpText("before", help)
    .argument("[job]", "a job's name");
  addStackOptions(command).addOption(jsonOption("print one JSON object")).action(status);
}

async function status(written: string | undefined, flags: StatusFlags): Promise<void> {
  const stack = await openStackOf(flags);
  const [{ listJobs, readStatus }, { findStackJob }, { showJobs, showStatus }] = await Promise.all([
    import("@trivet/worker-runtime/clouds/stack/job-status"),
    import("../stack/find-job.ts"),
    import("../stack/show-status.ts"),
  ]);
  const nowMs = Date.now();
  if (written === undefined) {
    const jobs = await listJobs(stack.store);
    return print(
      flags.json ? JSON.stringify({ store: stack.outputs.storeUrl, jobs }) : showJobs(jobs, stack.outputs, nowMs),
    );
  }
  const job = await findStackJob(stack, written);
  const found = (await readStatus(stack.store, job))!;
  // Who may only submit jobs may perhaps not look into that queue; the rest is of use all the same.
  const deadLetters = await stack.countDeadLetters().catch((error: Error) => error.message);
  const known = { store: stack.outputs.storeUrl, ...found, ...(typeof deadLetters === "number" && { deadLetters }) };
  print(flags.json ? JSON.stringify(known) : showStatus(found, deadLetters, stack.outputs, flags, nowMs));
}
