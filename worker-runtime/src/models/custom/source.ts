import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { findFile } from "../../data/find-file.ts";
import { UserError } from "../../errors.ts";
import type { CustomConfig } from "./network.ts";

/** A user's network as it travels with the dataset to wherever workers run: nothing else of the job's folder does. */
export type NetworkSource = TopologySource | ModuleSource;

export interface TopologySource {
  readonly file: string;
  readonly topology: object;
  /** Initial values: TensorFlow.js' list of the weights, and their bytes as base64. */
  readonly weights?: { readonly specs: readonly object[]; readonly data: string };
}

export interface ModuleSource {
  readonly file: string;
  readonly code: string;
}

const weightLimitBytes = 64 * 2 ** 20;

/** Reads the file that the job names, and a topology's weights where they lie beside it. */
export function readNetwork({ topology, module }: CustomConfig, folder: string): NetworkSource {
  if (module !== undefined) {
    return { file: module, code: readFileSync(findFile(module, folder, "model.module"), "utf8") };
  }
  return readTopology(topology!, findFile(topology!, folder, "model.topology"));
}

interface ModelJson {
  readonly modelTopology?: object;
  readonly weightsManifest?: readonly { readonly paths: readonly string[]; readonly weights: readonly object[] }[];
}

function readTopology(file: string, where: string): TopologySource {
  const json = parse(file, readFileSync(where, "utf8"));
  if (typeof json.modelTopology !== "object") {
    throw new UserError(`model.topology: ${file} has no "modelTopology". Write it by \`model.save\` of TensorFlow.js.`);
  }
  if (!JSON.stringify(json.modelTopology).includes('"class_name"')) {
    throw new UserError(
      `model.topology: ${file} holds a graph, which cannot be trained. Save a layers model instead (tf.sequential, tf.model).`,
    );
  }
  const specs = json.weightsManifest?.flatMap(({ weights }) => weights) ?? [];
  const files = json.weightsManifest?.flatMap(({ paths }) => paths.map((name) => inFolderOf(where, name, file))) ?? [];
  if (files.length === 0 || !files.every((name) => existsSync(name))) return { file, topology: json.modelTopology };
  const data = Buffer.concat(files.map((name) => readFileSync(name)));
  if (data.length > weightLimitBytes) {
    throw new UserError(
      `model.topology: the weights of ${file} take ${data.length} bytes; up to ${weightLimitBytes} can be started from.`,
    );
  }
  return { file, topology: json.modelTopology, weights: { specs, data: data.toString("base64") } };
}

function parse(file: string, text: string): ModelJson {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UserError(`model.topology: ${file} is not JSON: ${(error as Error).message}`);
  }
}

/** A model.json names its files itself; one from elsewhere must not name others than those beside it. */
function inFolderOf(where: string, name: string, file: string): string {
  if (path.basename(name) === name) return path.join(path.dirname(where), name);
  throw new UserError(`model.topology: ${file} names the weights "${name}", which is not a plain file name.`);
}
