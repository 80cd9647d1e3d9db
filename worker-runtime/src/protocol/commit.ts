import { canonicalJson, sha256 } from "../hash.ts";
import type { Plan } from "../job/plan.ts";
import type { TaskTrace } from "../result/run-record.ts";
import type { KernelStamp } from "../training/trainer.ts";
import { decodeHead, headRange } from "./bundle.ts";
import type { Context } from "./context.ts";
import { keys } from "./keys.ts";

/**
 * Stores a task's output under its write-once key. When another execution of the task was faster, its bytes stay, and the
 * two are compared: tasks are pure functions, so other bytes mean that something is not as it should be, unless native
 * numerics ran on another kind of machine. That is recorded as a divergence, with its explanation where there is one: every
 * duplicate delivery is an audit of the one before.
 */
export async function commitBundle(context: Context, key: string, bytes: Uint8Array): Promise<void> {
  if ((await context.store.putIfAbsent(key, bytes)) === "created") return;
  await noteRepeat(context, decodeHead(key, bytes).trace);
  const stored = await context.store.get(key, headRange);
  if (!stored) return; // Removed behind the head of the job; nobody needs it any more.
  const theirs = decodeHead(key, stored);
  const mine = decodeHead(key, bytes);
  if (theirs.contentHash === mine.contentHash) return;
  const stamp = stampOf(mine.trace);
  const explanation = explain(context.plan.numerics, stampOf(theirs.trace), stamp);
  const hashes = { storedHash: theirs.contentHash, otherHash: mine.contentHash };
  const divergence = { key, ...hashes, stamp, place: context.place, ...(explanation && { explanation }) };
  await context.store.putIfAbsent(
    keys.divergence(context.job, sha256(`${key} ${mine.contentHash}`).slice(0, 32)),
    Buffer.from(JSON.stringify(divergence)),
  );
}

/** What was done twice is paid for twice, so it is written down too. */
async function noteRepeat({ store, job }: Context, trace: unknown): Promise<void> {
  if (!(trace as Partial<TaskTrace>).task) return;
  const text = JSON.stringify(trace);
  await store.putIfAbsent(keys.repeat(job, sha256(text).slice(0, 32)), Buffer.from(text));
}

/** Why other bits are to be expected. Portable ones depend on TensorFlow's version alone, native ones on the whole stamp. */
function explain(numerics: Plan["numerics"], stored?: KernelStamp, other?: KernelStamp): string | undefined {
  if (!stored || !other) return undefined;
  const library = ({ backend, tensorflow }: KernelStamp) => `${backend} ${tensorflow}`;
  if (library(stored) !== library(other))
    return `The stored ones are by ${library(stored)}, the others by ${library(other)}.`;
  if (numerics === "portable" || canonicalJson(stored) === canonicalJson(other)) return undefined;
  return (
    "Native numerics has other bits on another kind of machine, and `numerics: portable` the same ones. " +
    `The stored ones are by ${describe(stored)}; the others by ${describe(other)}.`
  );
}

function describe({ threads, oneDnn, cpu }: KernelStamp): string {
  return `${threads} ${threads === 1 ? "thread" : "threads"}, oneDNN ${oneDnn ? "on" : "off"}, CPU ${cpu}`;
}

function stampOf(trace: unknown): KernelStamp | undefined {
  return (trace as { stamp?: KernelStamp } | null)?.stamp;
}
