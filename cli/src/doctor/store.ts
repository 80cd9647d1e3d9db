import { existsSync } from "node:fs";
import { link, mkdtemp, rm, stat, statfs, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { Check } from "./check.ts";

const gibibyte = 2 ** 30;
/** More would confuse reports and queues that are shared with other machines. */
const clockLimitMs = 5000;
/** When this was written; a clock before it is not set. */
const earliest = Date.UTC(2025, 0, 1);

/** Whether jobs can be stored in `folder`, or where it will be made. */
export function storeChecks(folder: string): Check[] {
  const place = nearestFolder(resolve(folder));
  return [
    {
      name: "store",
      async run() {
        // The store needs hard links, which some network and USB file systems lack.
        await inTemporaryFolder(place, async (temporary) => {
          await writeFile(join(temporary, "a"), "trivet");
          await link(join(temporary, "a"), join(temporary, "b"));
        }).catch((error: Error) => {
          throw new Error(`${place} cannot hold a store: ${error.message}. Choose another folder with --store.`);
        });
        return { status: "ok", text: `${place} can be written, and has hard links` };
      },
    },
    {
      name: "disk",
      async run() {
        const { bavail, bsize } = await statfs(place);
        const text = `${((bavail * bsize) / gibibyte).toFixed(1)} GiB free at ${place}`;
        if (bavail * bsize >= gibibyte) return { status: "ok", text };
        return {
          status: bavail * bsize < gibibyte / 10 ? "fail" : "warn",
          text,
          fix: "Make room, or choose another folder with --store.",
        };
      },
    },
    {
      name: "clock",
      async run() {
        const nowMs = Date.now();
        const fix = "Set the clock, for example with NTP. Times in reports depend on it, results do not.";
        if (nowMs < earliest) return { status: "warn", text: `it says ${new Date(nowMs).toISOString()}`, fix };
        const writtenAtMs = await inTemporaryFolder(place, async (temporary) => (await stat(temporary)).mtimeMs);
        const text = `${new Date(nowMs).toISOString()}, ${Math.round(Math.abs(writtenAtMs - nowMs))} ms from the disk's`;
        return Math.abs(writtenAtMs - nowMs) < clockLimitMs ? { status: "ok", text } : { status: "warn", text, fix };
      },
    },
  ];
}

function nearestFolder(folder: string): string {
  return existsSync(folder) ? folder : nearestFolder(dirname(folder));
}

async function inTemporaryFolder<T>(place: string, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(place, ".trivet-doctor-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
