import { relative, resolve } from "node:path";
import type { ObjectStore } from "@trivet/worker-runtime/ports/object-store";
import type { Command } from "commander";
import { exitCodes } from "../errors.ts";
import { addStackOptions, jsonOption, type StackFlags, storeOption } from "../options.ts";
import { print } from "../output.ts";
import { namesStack, openStackOf } from "../stack/open.ts";

interface InspectFlags extends StackFlags {
  readonly store: string;
  readonly json?: boolean;
}

const help = `Examples:
  $ trivet inspect sentiment            plan, rounds, result, and whether it all fits together
  $ trivet inspect ./copied/result      only the files of a result that was copied elsewhere
  $ trivet inspect sentiment --stack dev     a job of a deployed stack; reads everything that it has stored
`;

export function addInspect(program: Command): void {
  const command = program
    .command("inspect")
    .summary("check and show what a job has stored")
    .description(
      "Shows what a job has stored and checks it: every hash from the plan over each round to the result. " +
        "The exit code is 1 when something does not fit.",
    )
    .addHelpText("before", help)
    .argument("<job>", "a job's name, or the folder of a result")
    .addOption(storeOption());
  addStackOptions(command).addOption(jsonOption("print everything as one JSON object")).action(inspect);
}

async function inspect(written: string, flags: InspectFlags): Promise<void> {
  const problems = namesStack(flags) ? await inspectStackJob(written, flags) : await inspectHere(written, flags);
  if (problems.length > 0) process.exitCode = exitCodes.failed;
}

async function inspectHere(written: string, flags: InspectFlags): Promise<readonly string[]> {
  const { findJob } = await import("../find-result.ts");
  const { job, storeFolder, resultFolder } = findJob(written, resolve(flags.store));
  if (job === undefined || storeFolder === undefined) return inspectFolder(resultFolder, flags);
  const { LocalObjectStore } = await import("@trivet/worker-runtime/clouds/local/object-store");
  return inspectJob(await LocalObjectStore.open(storeFolder), job, relative("", storeFolder), flags);
}

async function inspectStackJob(written: string, flags: InspectFlags): Promise<readonly string[]> {
  const stack = await openStackOf(flags);
  const { findStackJob } = await import("../stack/find-job.ts");
  return inspectJob(stack.store, await findStackJob(stack, written), stack.outputs.storeUrl, flags);
}

async function inspectJob(
  store: ObjectStore,
  job: string,
  place: string,
  { json }: InspectFlags,
): Promise<readonly string[]> {
  const [{ verifyJob }, { readDatasetManifest, readJob }, { showInspection }] = await Promise.all([
    import("@trivet/worker-runtime/protocol/verify"),
    import("@trivet/worker-runtime/protocol/run-record"),
    import("../inspect/show.ts"),
  ]);
  const verification = await verifyJob(store, job);
  const { train, heldOut } = await readDatasetManifest(store, verification.plan.datasetHash);
  const inspection = {
    job,
    store: place,
    kind: (await readJob(store, job))!.document.model.kind,
    trainExamples: train.examples,
    heldOutExamples: heldOut.examples,
    ...verification,
  };
  print(json ? JSON.stringify(inspection) : showInspection(inspection));
  return verification.problems;
}

/** A result outside a store: its files can be checked, not how they came to be. */
async function inspectFolder(folder: string, { json }: InspectFlags): Promise<readonly string[]> {
  const [{ checkResultFiles, readResultManifest }, { showResult }] = await Promise.all([
    import("@trivet/worker-runtime/result/read-result"),
    import("../inspect/show.ts"),
  ]);
  const result = await readResultManifest(folder);
  const problems = await checkResultFiles(folder, result);
  print(json ? JSON.stringify({ job: result.job, result, problems }) : showResult(result, problems));
  return problems;
}
