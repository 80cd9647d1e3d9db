import { sha256 } from "../hash.ts";
import type { KernelStamp } from "../training/trainer.ts";
import { decodeHead, headRange } from "./bundle.ts";
import type { Context } from "./context.ts";
import { keys } from "./keys.ts";

/**
 * Stores a task's output under its write-once key. When another execution of the task was faster, its bytes stay, and the
 * two are compared: tasks are pure functions, so other bytes under equal kernel stamps mean that something is not as it
 * should be. That is recorded as a divergence: every duplicate delivery is an audit of the one before.
 */
export async function commitBundle(context: Context, key: string, bytes: Uint8Array): Promise<void> {
  if ((await context.store.putIfAbsent(key, bytes)) === "created") return;
  const stored = await context.store.get(key, headRange);
  if (!stored) return; // Removed behind the head of the job; nobody needs it any more.
  const theirs = decodeHead(key, stored);
  const mine = decodeHead(key, bytes);
  if (theirs.contentHash === mine.contentHash) return;
  const stamp = stampOf(mine.trace);
  if (JSON.stringify(stamp) !== JSON.stringify(stampOf(theirs.trace))) return;
  const divergence = { key, storedHash: theirs.contentHash, otherHash: mine.contentHash, stamp, place: context.place };
  await context.store.putIfAbsent(
    keys.divergence(context.job, sha256(`${key} ${mine.contentHash}`).slice(0, 32)),
    Buffer.from(JSON.stringify(divergence)),
  );
}

function stampOf(trace: unknown): KernelStamp | undefined {
  return (trace as { stamp?: KernelStamp } | null)?.stamp;
}
