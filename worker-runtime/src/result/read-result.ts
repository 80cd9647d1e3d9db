import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../errors.ts";
import { sha256 } from "../hash.ts";
import type { ResultManifest } from "../protocol/finish.ts";

/** A file name that stays in its folder. */
const plainName = /^[\w][\w.-]*$/;

/** Reads a result's manifest from the folder that training wrote. Throws `UserError` where there is none of ours. */
export async function readResultManifest(folder: string): Promise<ResultManifest> {
  const file = join(folder, "manifest.json");
  const text = await readFile(file, "utf8").catch((error: Error) => {
    throw new UserError(`${folder} is no result of a job: ${error.message}`);
  });
  return parseResultManifest(text, file);
}

/** Reads the text of a manifest; `place` names it in the `UserError` for one that is none of ours. */
export function parseResultManifest(text: string, place: string): ResultManifest {
  const manifest = parsed(text) as Partial<ResultManifest> | undefined;
  const names = Object.keys(manifest?.files ?? {});
  if (manifest?.version !== 1 || names.length === 0 || !names.every((name) => plainName.test(name))) {
    throw new UserError(`${place} is no manifest that this version of Trivet knows. Train again, or use that version.`);
  }
  return manifest as ResultManifest;
}

/** Every file of a result whose bytes are not those that training wrote, in a sentence each. */
export async function checkResultFiles(folder: string, manifest: ResultManifest): Promise<string[]> {
  const problems = Object.keys(manifest.files).map(async (name) => {
    const bytes = await readFile(join(folder, name)).catch(() => undefined);
    if (bytes === undefined) return [`The result's file ${name} is gone.`];
    return sha256(bytes) === manifest.files[name] ? [] : [`The result's file ${name} is not the one that was written.`];
  });
  return (await Promise.all(problems)).flat();
}

/** One file of a result, checked against the manifest's hash. */
export async function readResultFile(folder: string, manifest: ResultManifest, name: string): Promise<Uint8Array> {
  const file = join(folder, name);
  const bytes = await readFile(file).catch(() => undefined);
  if (bytes === undefined) throw new UserError(`${file} is gone. Train the job again with --again.`);
  if (sha256(bytes) === manifest.files[name]) return bytes;
  throw new UserError(
    `${file} is not the file that training wrote: its hash differs from the one in manifest.json. Train the job again with --again.`,
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
