import { join } from "node:path";
import type { TaskTrace } from "@trivet/worker-runtime/result/run-record";
import type { Command } from "commander";
import { Interrupt } from "../interrupt.ts";
import { openPlace, type PlaceFlags } from "../job-place.ts";
import { addStackOptions, jsonOption, storeOption, wholeNumber } from "../options.ts";
import { print, say } from "../output.ts";

interface LogsFlags extends PlaceFlags {
  readonly follow?: boolean;
  readonly round?: number;
  readonly worker?: number;
  readonly json?: boolean;
}

const help = `Examples:
  $ trivet logs sentiment                     every task, by round and worker
  $ trivet logs sentiment --follow            and those to come, until the job has ended
  $ trivet logs sentiment --round 3           of one round; --worker 1: of one worker
  $ trivet logs sentiment --stack dev         of a job on a deployed stack, and where the platform's own logs are
`;

export function addLogs(program: Command): void {
  const command = program
    .command("logs")
    .summary("tell what each task of a job did")
    .description(
      "Tells each task of a job as it measured itself: when and where it ran, how long it computed, waited for store and queue, " +
        "and loaded TensorFlow, and whether it was delivered again. Then says where the workers' own output is.",
    )
    .addHelpText("before", help)
    .argument("<job>", "a job's name, or the folder of a result in a store")
    .option("-f, --follow", "go on until the job has ended; Ctrl-C only ends the telling")
    .option("--round <number>", "only of this round", wholeNumber(0, 1e6))
    .option("--worker <number>", "only of this worker", wholeNumber(0, 9999))
    .addOption(storeOption());
  addStackOptions(command).addOption(jsonOption("print each task as a line of JSON")).action(logs);
}

async function logs(written: string, flags: LogsFlags): Promise<void> {
  const place = await openPlace(flags);
  const { job, store } = await place.find(written);
  const [{ followTasks, TaskLog }, { readJob }, { taskLineOf, whereLogsAre }] = await Promise.all([
    import("@trivet/worker-runtime/clouds/task-log"),
    import("@trivet/worker-runtime/protocol/run-record"),
    import("../logs/show.ts"),
  ]);
  const { plan } = (await readJob(store, job))!;
  const filter = {
    ...(flags.round !== undefined && { round: flags.round }),
    ...(flags.worker !== undefined && { worker: flags.worker }),
  };
  let told = 0;
  const onTasks = (tasks: readonly TaskTrace[]) => {
    told += tasks.length;
    for (const task of tasks) print(flags.json ? JSON.stringify({ job, ...task }) : taskLineOf(task, plan));
  };
  if (flags.follow) {
    const { systemClock } = await import("@trivet/worker-runtime/clouds/local/clock");
    using interrupt = new Interrupt(() => say(`\n${job} goes on.`));
    await followTasks(store, plan, filter, { clock: systemClock, signal: interrupt.signal, onTasks });
    if (interrupt.signal.aborted) process.exitCode = interrupt.exitCode;
  } else onTasks(await new TaskLog(store, plan, filter).look());
  if (told === 0) say("No such task has stored anything yet.");
  if (!flags.json)
    say(`\n${whereLogsAre(place.outputs, job, place.folder === undefined ? "" : join(place.name, "logs"))}`);
}
