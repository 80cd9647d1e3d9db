import { resolve } from "node:path";
import type { Command } from "commander";
import { exitCodes } from "../errors.ts";
import { addStackOptions, jsonOption, type StackFlags, storeOption } from "../options.ts";
import { print, say, styled } from "../output.ts";
import { namesStack, openStackOf } from "../stack/open.ts";

interface PredictFlags extends StackFlags {
  readonly store: string;
  readonly json?: boolean;
}

const help = `Examples:
  $ trivet predict sentiment reviews.txt               one text on each line
  $ echo "What a film!" | trivet predict sentiment     from standard input
  $ trivet predict vision seven.png two.png --json     JSON lines
  $ trivet predict sentiment r.txt --stack dev         a model of a deployed stack; it is downloaded once
`;

/** Rows that go through the model at once. */
const batchRows = 256;

export function addPredict(program: Command): void {
  const command = program
    .command("predict")
    .summary("ask a trained model")
    .description("Asks a trained model. A row that cannot be used is named and passed over; the exit code is then 2.")
    .addHelpText("before", help)
    .argument("<job>", "a job's name, or the folder of a result")
    .argument(
      "[files...]",
      "rows: .csv, .tsv, .jsonl, .json, .parquet, .txt (a text on each line), .png, .jpg, IDX; " +
        "- or nothing: standard input, JSON lines or texts",
    )
    .addOption(storeOption());
  addStackOptions(command)
    .addOption(jsonOption("print answers as JSON lines, as is done when standard output is no terminal"))
    .action(predict);
}

async function predict(job: string, files: readonly string[], flags: PredictFlags): Promise<void> {
  const resultFolder = namesStack(flags) ? await fetchModel(job, flags) : await findResult(job, flags);
  const [{ readResultManifest }, { Predictor }, { readRows }, show] = await Promise.all([
    import("@trivet/worker-runtime/result/read-result"),
    import("@trivet/worker-runtime/result/predictor"),
    import("../predict/rows.ts"),
    import("../predict/show.ts"),
  ]);
  const predictor = await Predictor.open(resultFolder, await readResultManifest(resultFolder));
  if (predictor.notice) say(predictor.notice);
  if (files.length === 0 && process.stdin.isTTY) say("Reading standard input; Ctrl-D ends it.");
  const asTable = process.stdout.isTTY && !flags.json;
  let bad = 0;
  for (const file of files.length > 0 ? files : ["-"]) {
    for await (const batch of readRows(file, predictor.document)) {
      for (let from = 0; from < batch.length; from += batchRows) {
        const rows = batch.slice(from, from + batchRows);
        for (const [i, prediction] of predictor.predict(rows).entries()) {
          if ("problem" in prediction) bad++;
          if ("problem" in prediction && !asTable) say(`${show.placeOf(rows[i]!)}: ${prediction.problem}`);
          print(
            asTable
              ? show.tableLine(rows[i]!, prediction, process.stdout.columns || 80)
              : show.jsonLine(rows[i]!, prediction),
          );
        }
      }
    }
  }
  if (bad === 0) return;
  say(styled("red", `${bad} ${bad === 1 ? "row" : "rows"} could not be used.`, process.stderr));
  process.exitCode = exitCodes.usage;
}

async function findResult(job: string, { store }: PredictFlags): Promise<string> {
  const { findJob } = await import("../find-result.ts");
  return findJob(job, resolve(store)).resultFolder;
}

/** Downloads a model of a stack, where that has not been done before. */
async function fetchModel(written: string, flags: PredictFlags): Promise<string> {
  const stack = await openStackOf(flags);
  const [{ findStackJob }, { fetchResult }, { sha256 }] = await Promise.all([
    import("../stack/find-job.ts"),
    import("@trivet/worker-runtime/clouds/stack/fetch-result"),
    import("@trivet/worker-runtime/hash"),
  ]);
  const job = await findStackJob(stack, written);
  // Another stack's result of the same job has another report, with other times.
  const folder = resolve(flags.store, "fetched", sha256(stack.outputs.storeUrl).slice(0, 8), job);
  const { signal } = new AbortController();
  await fetchResult(stack.store, job, folder, { folderOption: "--store", signal, onEvent: () => {} });
  return folder;
}
