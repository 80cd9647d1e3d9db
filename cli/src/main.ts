import { readFileSync } from "node:fs";
import { styleText } from "node:util";
import { UserError } from "@trivet/worker-runtime/errors";
import { Command, CommanderError } from "commander";
import { addCancel } from "./commands/cancel.ts";
import { addCompare } from "./commands/compare.ts";
import { addCompletion } from "./commands/completion.ts";
import { addCost } from "./commands/cost.ts";
import { addDiff } from "./commands/diff.ts";
import { addDoctor } from "./commands/doctor.ts";
import { addEstimate } from "./commands/estimate.ts";
import { addExport } from "./commands/export.ts";
import { addFetch } from "./commands/fetch.ts";
import { addGc } from "./commands/gc.ts";
import { addInit } from "./commands/init.ts";
import { addInspect } from "./commands/inspect.ts";
import { addList } from "./commands/list.ts";
import { addLogs } from "./commands/logs.ts";
import { addPlan } from "./commands/plan.ts";
import { addPredict } from "./commands/predict.ts";
import { addRedrive } from "./commands/redrive.ts";
import { addStatus } from "./commands/status.ts";
import { addSubmit } from "./commands/submit.ts";
import { addSweep } from "./commands/sweep.ts";
import { addTrain } from "./commands/train.ts";
import { addWatch } from "./commands/watch.ts";
import { reportError } from "./errors.ts";

const examples = `Examples:
  $ trivet init sentiment                   write a job file to start from
  $ trivet train job.yaml                   train it on this machine
  $ trivet predict sentiment reviews.txt    ask the model
  $ trivet inspect sentiment                check and show what was stored
  $ trivet estimate job.yaml                what it is going to cost on each cloud
  $ trivet doctor                           see whether this machine is ready
  $ trivet submit job.yaml --stack dev      train it on a deployed stack
`;

const exitCodeHelp = `
Exit codes:
  0 ok  1 the job failed  2 wrong usage or input  3 try again later  4 stopped by its budget  5 cancelled
  130, 143 stopped by Ctrl-C or a signal; the same command goes on. Jobs in a cloud go on by themselves
`;

/**
 * Runs the command. Handlers import what they need when they run: at the start there is no schema, no YAML and no
 * TensorFlow to load, so that help comes at once.
 */
export async function main(args: readonly string[]): Promise<void> {
  const json = args.includes("--json");
  // tfjs-node makes calls that Node advises against, which is nothing that a user can mend.
  process.noDeprecation = true;
  process.stdout.on("error", leaveQuietly);
  process.on("uncaughtException", (error) => {
    reportError(error, json);
    process.exit();
  });
  try {
    await program().parseAsync(args.length > 0 ? args : ["--help"], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) reportError(error, json);
    else if (error.exitCode !== 0) reportError(usageError(error), json);
  }
}

/** The command with all of its own; nothing is read or run yet. */
export function program(): Command {
  const trivet = new Command("trivet")
    .description("Trains AI models in functions: here in worker processes, the same in the cloud.")
    .version(version(), "-v, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand("help [command]", "print the help of a command")
    .option("--no-color", "print without colors; so does the environment variable NO_COLOR")
    .on("option:no-color", () => {
      process.env.NO_COLOR = "1";
    })
    .addHelpText("before", examples)
    .addHelpText("after", exitCodeHelp)
    .configureHelp({ styleTitle: (text) => styleText("bold", text, { validateStream: false }) })
    .configureOutput({ outputError: () => {} })
    .exitOverride();
  const local = [addInit, addTrain, addSweep, addPredict, addInspect, addDoctor];
  const money = [addEstimate, addPlan, addCost];
  const deployed = [addSubmit, addStatus, addWatch, addFetch, addCancel, addRedrive];
  const jobs = [addList, addCompare, addDiff, addLogs, addExport, addGc];
  for (const add of [...local, ...money, ...jobs, ...deployed, addCompletion]) add(trivet);
  return trivet;
}

function version(): string {
  return JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).version;
}

function usageError({ message }: CommanderError): UserError {
  return new UserError(`${message.replace(/^error: /, "")}\n\`trivet --help\` shows the commands and their options.`);
}

/** Whoever reads our output may stop before its end, as `head` does. */
function leaveQuietly(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") process.exit();
  throw error;
}
