import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";

/** What all clones of this user share; tools/setup/places.mjs has the same. */
export function cacheFolder(): string {
  return path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), ".cache"), "trivet");
}

/**
 * Fills a folder the first time, and says so. It is filled under another name and renamed, so that half of it is never
 * used, and several processes may try at once.
 */
export async function installOnce(
  folder: string,
  what: string,
  fill: (unfinished: string) => Promise<void>,
): Promise<void> {
  if (existsSync(folder)) return;
  console.log(`      installing ${what} into ${folder}, once`);
  const unfinished = `${folder}.${process.pid}`;
  mkdirSync(path.dirname(folder), { recursive: true });
  try {
    await fill(unfinished);
    if (!existsSync(folder)) renameSync(unfinished, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}
