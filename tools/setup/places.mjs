import { existsSync, mkdirSync, statfsSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { SetupError } from "./errors.mjs";
import { megabytes } from "./progress.mjs";

/** This clone. */
export const root = path.resolve(fileURLToPath(import.meta.url), "../../..");

/** What belongs to this clone alone: the log and the lock. Not in git. */
export const local = path.join(root, ".trivet");

/** What all clones of this user share. */
export const cache = path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache"), "trivet");

/** The package that the native backend is for. */
export const tfjsNode = path.join(root, "node_modules", "@tensorflow", "tfjs-node");

/**
 * Creates the cache folder.
 *
 * @throws {SetupError} when it cannot be written
 */
export function openCache() {
  try {
    mkdirSync(cache, { recursive: true });
  } catch (error) {
    throw new SetupError(
      `The cache folder ${cache} cannot be made (${error instanceof Error && "code" in error ? error.code : error}). ` +
        "Set XDG_CACHE_HOME to a folder that you may write to, and run the same command again.",
    );
  }
}

/**
 * Refuses at once what would fail in the middle.
 *
 * @param {string} folder where the step writes; it may not exist yet
 * @param {number} neededBytes
 * @param {string} what the step, as in "installing the npm packages"
 */
export function requireFreeSpace(folder, neededBytes, what) {
  let existing = folder;
  while (!existsSync(existing)) existing = path.dirname(existing);
  const { bavail, bsize } = statfsSync(existing);
  const freeBytes = bavail * bsize;
  if (freeBytes >= neededBytes) return;
  throw new SetupError(
    `The disk is too full for ${what}: ${folder} has ${megabytes(freeBytes)} free and needs ${megabytes(neededBytes)}. ` +
      "Free some space, or set XDG_CACHE_HOME if it is the cache that should go to another disk, and run the same command again.",
  );
}
