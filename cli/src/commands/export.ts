import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { UserError } from "@trivet/worker-runtime/errors";
import { type Command, Option } from "commander";
import type { PlaceFlags } from "../job-place.ts";
import { addStackOptions, jsonOption, storeOption } from "../options.ts";
import { print, styled } from "../output.ts";
import { bytes } from "../progress/format.ts";
import { namesStack, openStackOf } from "../stack/open.ts";

/** The files of a result that make up a format. */
const formats = {
  safetensors: ["model.safetensors"],
  tfjs: ["model.json", "weights.bin"],
} as const;

type Format = keyof typeof formats;

interface ExportFlags extends PlaceFlags {
  readonly format: Format;
  readonly to?: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

const help = `Examples:
  $ trivet export sentiment                                    sentiment.safetensors: names, shapes and values
  $ trivet export sentiment --format tfjs --to web/model       a folder for tf.loadLayersModel
  $ trivet export ./copied/result --to model.safetensors       from a result that was copied elsewhere
  $ trivet export sentiment --stack dev                        from a deployed stack

Formats:
  safetensors  one file, read by Python, Rust, JavaScript and others; every model has it
  tfjs         TensorFlow.js: model.json and weights.bin; a custom model that is a module has none
  ONNX is not offered: no well-kept JavaScript library writes it. The Python package tf2onnx reads the format tfjs.
`;

export function addExport(program: Command): void {
  const command = program
    .command("export")
    .summary("write a trained model as a file for other programs")
    .description(
      "Writes the model of a result, after its hash was checked, in a format of other programs. The exit code is 3 while the job " +
        "has no result yet.",
    )
    .addHelpText("before", help)
    .argument("<result>", "a job's name, or the folder of a result")
    .addOption(
      new Option("--format <format>", "of what is written").choices(Object.keys(formats)).default("safetensors"),
    )
    .option("--to <path>", "a new file, or for tfjs a new folder (default: by the job's name and the format)")
    .option("--force", "write over what is there")
    .addOption(storeOption());
  addStackOptions(command).addOption(jsonOption("print one JSON object")).action(exportModel);
}

async function exportModel(written: string, flags: ExportFlags): Promise<void> {
  const { manifest, read } = namesStack(flags)
    ? await openStackResult(written, flags)
    : await openResult(written, flags);
  const { format } = flags;
  const names = formats[format];
  if (!names.every((name) => name in manifest.files))
    throw new UserError(
      `${manifest.job} is a module of its own, which has no layers for TensorFlow.js. Use --format safetensors.`,
    );
  const { shortName } = await import("@trivet/worker-runtime/protocol/find-job");
  const name = shortName(manifest.job);
  const to = resolve(flags.to ?? (names.length > 1 ? `${name}-${format}` : `${name}.${format}`));
  const shown = relative("", to) || ".";
  if (existsSync(to) && !flags.force)
    throw new UserError(`${shown} is there already. Choose another --to, or say --force.`);
  const files = new Map<string, Uint8Array>();
  for (const name of names) files.set(names.length > 1 ? join(to, name) : to, await read(name));
  writeAll(files, to);
  const sizeBytes = [...files.values()].reduce((sum, { length }) => sum + length, 0);
  const { job, weightsHash } = manifest;
  if (flags.json) return print(JSON.stringify({ job, format, path: to, sizeBytes, weightsHash }));
  print(
    `${styled("green", "Exported")} ${job} to ${shown}: ${format}, ${bytes(sizeBytes)}\n  weights   sha256 ${weightsHash}`,
  );
}

function writeAll(files: ReadonlyMap<string, Uint8Array>, to: string): void {
  try {
    for (const [file, content] of files) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
    }
  } catch (error) {
    throw new UserError(
      `${relative("", to) || "."} cannot be written: ${(error as Error).message}. Choose another place with --to.`,
    );
  }
}

async function openResult(written: string, { store }: ExportFlags) {
  const [{ findJob }, { readResultFile, readResultManifest }] = await Promise.all([
    import("../find-result.ts"),
    import("@trivet/worker-runtime/result/read-result"),
  ]);
  const { job, resultFolder } = findJob(written, resolve(store));
  if (job !== undefined && !existsSync(join(resultFolder, "manifest.json")))
    throw new UserError(`${job} has no result yet. \`trivet train\` goes on until it has one.`, 3);
  const manifest = await readResultManifest(resultFolder);
  return { manifest, read: (name: string) => readResultFile(resultFolder, manifest, name) };
}

async function openStackResult(written: string, flags: ExportFlags) {
  const [stack, { findStackJob }, { openStoredResult }] = await Promise.all([
    openStackOf(flags),
    import("../stack/find-job.ts"),
    import("@trivet/worker-runtime/clouds/stack/fetch-result"),
  ]);
  return openStoredResult(stack.store, await findStackJob(stack, written));
}
