import { codecs } from "../codec/index.ts";
import { UserError } from "../errors.ts";
import type { TaskTrace } from "../result/run-record.ts";
import { decodeHead, decodeParts, encodeBundle, headBytes } from "./bundle.ts";
import { commitBundle } from "./commit.ts";
import type { Context } from "./context.ts";
import { keys } from "./keys.ts";
import type { LocalState } from "./learner.ts";
import { traceOf } from "./trace.ts";

interface PartReport {
  readonly step: number;
  readonly lossSum: number;
  readonly optimizerLength: number;
}

/**
 * Stores a task that runs out of time at a planned boundary, in full precision, so that whoever goes on comes to the same
 * bits as if there had been no pause.
 */
export async function writePart(
  context: Context,
  round: number,
  worker: number,
  state: LocalState,
  loadedMs: number,
  paused?: TaskTrace,
): Promise<void> {
  const report: PartReport = { step: state.step, lossSum: state.lossSum, optimizerLength: state.optimizer.length };
  const bytes = (values: Float32Array) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const parts = [bytes(state.weights), bytes(state.optimizer)];
  const trace = traceOf(context, "step", round, worker, loadedMs, parts, paused);
  const bundle = encodeBundle({ report, trace, parts });
  await commitBundle(context, keys.part(context.job, round, worker, state.step), bundle);
}

/** Where a paused task goes on, and what it has used until then. */
export async function readPart(
  context: Context,
  round: number,
  worker: number,
  step: number,
): Promise<{ readonly state: LocalState; readonly trace: TaskTrace }> {
  const key = keys.part(context.job, round, worker, step);
  const stored = await context.store.get(key);
  if (!stored) throw new UserError(`The paused task ${key} is gone; it was removed while the job still needed it.`, 1);
  const head = decodeHead(key, stored);
  const { lossSum, optimizerLength } = head.report as PartReport;
  const counts = [context.plan.weightCount, optimizerLength];
  const sizes = counts.map((count) => 4 * count);
  const [weights, optimizer] = decodeParts(key, stored.subarray(headBytes), sizes).map(({ part }, i) =>
    codecs.fp32.decode(part, counts[i]!),
  );
  return { state: { step, lossSum, weights: weights!, optimizer: optimizer! }, trace: head.trace as TaskTrace };
}
