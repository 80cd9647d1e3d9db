import { createHash } from "node:crypto";
import { chmodSync, readdirSync, readFileSync, statSync, utimesSync } from "node:fs";
import path from "node:path";

/**
 * Gives every file in the folder the same time and the rights that its kind needs, so that an image that is made of it
 * depends on nothing but the files' content.
 *
 * @param {string} folder
 * @returns {{ files: number, bytes: number, sha256: string }} what is in it; the hash is over all paths, rights and contents
 */
export function normalise(folder) {
  const hash = createHash("sha256");
  const total = { files: 0, bytes: 0 };
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  // The deepest first: a folder's time changes with what is in it.
  for (const name of names.toReversed()) {
    const file = path.join(folder, name);
    const stat = statSync(file);
    const program = stat.isDirectory() || name === "worker/bin/node";
    chmodSync(file, program ? 0o755 : 0o644);
    utimesSync(file, 0, 0);
    if (stat.isDirectory()) continue;
    const content = createHash("sha256").update(readFileSync(file)).digest("hex");
    hash.update(`${content} ${program ? "x" : "-"} ${name}\n`);
    total.files++;
    total.bytes += stat.size;
  }
  utimesSync(folder, 0, 0);
  return { ...total, sha256: hash.digest("hex") };
}
