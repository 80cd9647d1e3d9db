import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type * as tfjs from "@tensorflow/tfjs";
import { UserError } from "../../errors.ts";
import type { Parameter, Tf } from "../model.ts";
import type { DataShape, Network } from "./network.ts";
import type { ModuleSource } from "./source.ts";

/** What `build` of a user's module returns. */
export interface BuiltModel {
  readonly parameters: readonly Parameter[];
  /**
   * What the network says of a batch of inputs: [batch, labels] logits, or [batch, 1] numbers. A pure function that reads
   * no values back and draws no random numbers, since it is recorded once and then runs as one graph.
   */
  outputs(tf: Tf, weights: tfjs.Tensor[], input: tfjs.Tensor): tfjs.Tensor;
  /** The same network as layers, whose trainable weights are in the order of `parameters`: exported as `model.json`. */
  layers?(tf: Tf): tfjs.LayersModel;
}

/** `build` of a user's module: called once in each worker, before anything is trained. */
export type Build = (data: DataShape) => BuiltModel;

/** `loss` of a user's module: the mean over the batch. `label` is [batch]: int32 numbers of classes, or float32 numbers. */
export type Loss = (tf: Tf, outputs: tfjs.Tensor, label: tfjs.Tensor) => tfjs.Scalar;

/** Loads the code of a module and builds its network. Throws `UserError` when that fails. */
export async function openModule(source: ModuleSource, data: DataShape): Promise<Network> {
  const { build, loss } = await load(source);
  const { parameters, outputs, layers } = callBuild(source.file, build, data);
  return {
    parameters,
    masks: () => [],
    loss: (tf, weights, input, label) => loss(tf, outputs(tf, weights, input), label),
    outputs(tf, weights, input) {
      const answer = outputs(tf, weights, input);
      return data.labels ? tf.softmax(answer) : answer;
    },
    layers: (tf) => layers?.(tf),
  };
}

function callBuild(file: string, build: Build, data: DataShape): BuiltModel {
  let built: Partial<BuiltModel> | undefined;
  try {
    built = build(data);
  } catch (error) {
    throw new UserError(`model.module: \`build\` of ${file} failed: ${(error as Error).message}`);
  }
  if (Array.isArray(built?.parameters) && typeof built.outputs === "function") return built as BuiltModel;
  throw new UserError(
    `model.module: \`build\` of ${file} must return { parameters: [...], outputs(tf, weights, input) {...} }.`,
  );
}

async function load({ file, code }: ModuleSource): Promise<{ build: Build; loss: Loss }> {
  const folder = await mkdtemp(path.join(tmpdir(), "trivet-module-"));
  try {
    const copy = path.join(folder, `model${path.extname(file)}`);
    await writeFile(copy, code);
    // A file without a package.json around it is a module by its extension or by its syntax.
    const loaded = await import(pathToFileURL(copy).href);
    for (const name of ["build", "loss"]) {
      if (typeof loaded[name] !== "function") {
        throw new UserError(`model.module: ${file} must export a function \`${name}\`.`);
      }
    }
    return loaded;
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      `model.module: ${file} cannot be loaded: ${(error as Error).message.replaceAll(folder, "")}. ` +
        "It goes to the workers by itself, so it can import types and Node's own modules, but no other files.",
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
