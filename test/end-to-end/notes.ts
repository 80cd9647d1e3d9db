import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const noteWork = new URL("./note-work.ts", import.meta.url).href;

/** Environment for a command whose processes write down what they do; see note-work.ts. */
export function notingWork(folder: string): Record<string, string> {
  return { NODE_OPTIONS: `--import=${noteWork}`, TRIVET_TEST_NOTES: notesIn(folder) };
}

function notesIn(folder: string): string {
  return join(folder, "notes.txt");
}

function readNotes(folder: string, kind: string): string[] {
  const lines = existsSync(notesIn(folder)) ? readFileSync(notesIn(folder), "utf8").split("\n") : [];
  return lines.filter((line) => line.startsWith(`${kind} `)).map((line) => line.slice(kind.length + 1));
}

/** Keys of the updates that were begun, once for each time. */
export function begunUpdates(folder: string): string[] {
  return readNotes(folder, "begins");
}

/** Numbers of the processes, in the order in which they began. */
export function processesOf(folder: string): number[] {
  return readNotes(folder, "process").map(Number);
}

/** Waits until every process that has written itself down is gone. Throws after ten seconds. */
export async function untilGone(folder: string): Promise<void> {
  const deadlineMs = performance.now() + 10_000;
  for (;;) {
    const alive = processesOf(folder).filter(isAlive);
    if (alive.length === 0) return;
    if (performance.now() > deadlineMs) throw new Error(`still running: ${alive.join(", ")}`);
    // Nothing tells when a process ends that is not one's own child.
    await sleep(20);
  }
}

/** A process that has ended but whose parent has not asked how still has its number: on Linux its state tells. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    const status = `/proc/${pid}/stat`;
    return !existsSync(status) || !/\) [ZX] /.test(readFileSync(status, "utf8"));
  } catch {
    return false;
  }
}
