/**
 * Loaded into the coordinator and its workers by `--import`: once a folder holds as much as its limit, files in it cannot be
 * written. Only root can give a folder a real quota; `ulimit -f` is something else: it limits each single file.
 */
import fs, { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";

const folder = process.env.FULL_DISK_FOLDER!;
const limit = process.env.FULL_DISK_LIMIT!;
const blockBytes = 4096;

function throwIfFull(): void {
  if (!existsSync(limit)) return;
  let usedBytes = 0;
  for (const name of readdirSync(folder, { recursive: true })) {
    const found = statSync(join(folder, String(name)), { throwIfNoEntry: false });
    usedBytes += Math.ceil((found?.size ?? 0) / blockBytes) * blockBytes;
  }
  if (usedBytes >= Number(readFileSync(limit, "utf8")))
    throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
}

const { writeFile } = fs.promises;
fs.promises.writeFile = async (...args: Parameters<typeof writeFile>) => {
  throwIfFull();
  return writeFile(...args);
};
const probe = await fs.promises.open(import.meta.filename);
const handle = Object.getPrototypeOf(probe);
await probe.close();
const writeOpen = handle.writeFile;
handle.writeFile = async function (data: Uint8Array) {
  throwIfFull();
  return writeOpen.call(this, data);
};
syncBuiltinESMExports();
