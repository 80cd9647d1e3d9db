import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import trivet from "../../package.json" with { type: "json" };
import { canonicalJson, sha256 } from "../hash.ts";
import type { JobDocument } from "../job/document.ts";
import { readNetwork } from "../models/custom/source.ts";
import { findFile } from "./find-file.ts";

/**
 * Names a job's data without reading it: by the names, sizes and times of its files, and by all that the document says
 * about what is made of them. Equal fingerprints mean equal datasets, as far as files that changed have another time.
 * Throws UserError for a file that is missing.
 */
export async function fingerprint({ data, model, seed }: JobDocument, folder: string): Promise<string> {
  const named = [...filesIn(data.train, "data.train"), ...filesIn(data.heldOut, "data.heldOut")];
  const files = await Promise.all(named.map(([file, argument]) => states(findFile(file, folder, argument))));
  const network = model.kind === "custom" ? readNetwork(model, folder) : null;
  return sha256(canonicalJson({ version: trivet.version, data, model, seed, files, network }));
}

/** The files that a part of `data` names, each with what the job calls it; none for a held-out fraction. */
function filesIn(part: JobDocument["data"]["train" | "heldOut"], argument: string): [string, string][] {
  if (typeof part === "string") return [[part, argument]];
  if (Array.isArray(part)) return part.map((file) => [file, argument]);
  if (!("images" in part)) return [];
  return [...filesIn(part.images, `${argument}.images`), ...filesIn(part.labels, `${argument}.labels`)];
}

/** Size and time of a file, or of all that is in a folder. */
async function states(path: string): Promise<unknown> {
  const found = await stat(path);
  if (!found.isDirectory()) return [found.size, found.mtimeMs];
  const names = (await readdir(path)).sort();
  return Promise.all(names.map(async (name) => [name, await states(join(path, name))]));
}
