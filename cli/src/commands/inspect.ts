import { relative, resolve } from "node:path";
import { UserError } from "@trivet/worker-runtime/errors";
import type { ObjectStore } from "@trivet/worker-runtime/ports/object-store";
import type { Product } from "@trivet/worker-runtime/training/portable/exact";
import type { Command } from "commander";
import { exitCodes } from "../errors.ts";
import { addStackOptions, jsonOption, type StackFlags, storeOption } from "../options.ts";
import { print } from "../output.ts";
import { namesStack, openStackOf } from "../stack/open.ts";

interface InspectFlags extends StackFlags {
  readonly store: string;
  readonly json?: boolean;
  readonly numerics?: boolean;
}

const help = `Examples:
  $ trivet inspect sentiment                 plan, rounds, result, and whether it all fits together
  $ trivet inspect ./copied/result           only the files of a result that was copied elsewhere
  $ trivet inspect sentiment --numerics      how exact each product of a portable training step is
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
  addStackOptions(command)
    .option("--numerics", "also list each product of a training step with portable numerics, with the bits it keeps")
    .addOption(jsonOption("print everything as one JSON object"))
    .action(inspect);
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
  { json, numerics }: InspectFlags,
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
    ...(numerics && { products: await readProducts(store, job) }),
  };
  print(json ? JSON.stringify(inspection) : showInspection(inspection));
  return verification.problems;
}

/** The products of the job's training step; throws where the job is native, or TensorFlow is missing. */
async function readProducts(store: ObjectStore, job: string): Promise<readonly Product[]> {
  const [{ readJob }, { openDataset }, { openModel }, { portableProducts }] = await Promise.all([
    import("@trivet/worker-runtime/protocol/run-record"),
    import("@trivet/worker-runtime/data/open-dataset"),
    import("@trivet/worker-runtime/models/index"),
    import("@trivet/worker-runtime/training/portable/inspect"),
  ]);
  const { document, plan } = (await readJob(store, job))!;
  if (plan.numerics === "native") throw new UserError(`--numerics: ${job} was trained with native numerics.`);
  const dataset = await openDataset(store, plan.datasetHash);
  const { model } = await openModel(document, dataset.manifest.encoding);
  const products = await portableProducts(dataset, model, document);
  if (!products) throw new UserError("--numerics needs TensorFlow's library; `trivet doctor` says what is missing.");
  return products;
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
