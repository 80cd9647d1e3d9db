import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A disk of a few hundred kilobytes at `folder`, which can grow. */
export interface SmallDisk {
  readonly folder: string;
  /** What a command needs in its environment for the disk to be small. */
  readonly environment: Record<string, string>;
  grow(): void;
  remove(): void;
}

const kibibytes = 512;

/** A real one where mounting is allowed; elsewhere writes in the folder fail as they do on a full disk, see full-disk.ts. */
export function makeSmallDisk(parent: string): SmallDisk {
  const folder = join(parent, "disk");
  mkdirSync(folder);
  try {
    mount("-t", "tmpfs", "-o", `size=${kibibytes}k`, "tmpfs", folder);
  } catch {
    return imitated(folder);
  }
  return {
    folder,
    environment: {},
    grow: () => mount("-o", "remount,size=64m", folder),
    remove: () => execFileSync("umount", [folder]),
  };
}

function mount(...args: string[]): void {
  execFileSync("mount", args, { stdio: "pipe" });
}

function imitated(folder: string): SmallDisk {
  console.log("      this machine does not let us mount a small disk: one is imitated");
  const limit = `${folder}-limit`;
  writeFileSync(limit, String(kibibytes * 1024));
  const preload = new URL("./full-disk.ts", import.meta.url).href;
  return {
    folder,
    environment: { NODE_OPTIONS: `--import=${preload}`, FULL_DISK_FOLDER: folder, FULL_DISK_LIMIT: limit },
    grow: () => rmSync(limit),
    remove: () => {},
  };
}
