import { UserError } from "../errors.ts";
import { advanceRound } from "./advance.ts";
import { encodeBundle } from "./bundle.ts";
import { commitBundle } from "./commit.ts";
import { type Context, send } from "./context.ts";
import { keys } from "./keys.ts";
import type { LocalState } from "./learner.ts";
import { readWeights } from "./model-shards.ts";
import { readPart, writePart } from "./part.ts";
import { isTooLate } from "./too-late.ts";
import { traceOf } from "./trace.ts";
import { encodeUpdate, measures, trains, type UpdateReport } from "./update.ts";

/** One worker's share of one round: from the round's weights, some local steps, one update. */
export async function runStep(context: Context, round: number, worker: number, fromStep = 0): Promise<void> {
  const key = keys.update(context.job, round, worker);
  const [made, late] = await Promise.all([context.store.head(key), isTooLate(context, round)]);
  if (!made) {
    if (late) return;
    const update = await makeUpdate(context, round, worker, fromStep);
    if (update === "paused") return;
    await commitBundle(context, key, update);
  }
  await advanceRound(context, round);
}

async function makeUpdate(
  context: Context,
  round: number,
  worker: number,
  fromStep: number,
): Promise<Uint8Array | "paused"> {
  const { plan, learner } = context;
  const loadedMs = learner.loadMs;
  const start = await readWeights(context, round);
  let state: LocalState = { step: 0, weights: start, optimizer: new Float32Array(0), lossSum: 0 };
  const part = fromStep > 0 ? await readPart(context, round, worker, fromStep) : undefined;
  if (part) state = part.state;
  const lastStep = trains(plan, round) ? plan.localSteps : 0;
  let longestMs = 0;
  while (state.step < lastStep) {
    const begunAtMs = context.clock.nowMs();
    state = await learner.train(round, worker, state, Math.min(state.step + plan.partSteps, lastStep));
    checkLoss(context, state, round, worker);
    longestMs = Math.max(longestMs, context.clock.nowMs() - begunAtMs);
    // Only *whether* to pause depends on the clock; a share that goes on elsewhere comes to the same bits.
    if (state.step < lastStep && context.remainingMs() < 2.5 * longestMs) {
      await writePart(context, round, worker, state, loadedMs, part?.trace);
      await send(context, [{ kind: "step", round, worker, fromStep: state.step }]);
      return "paused";
    }
  }
  const report: UpdateReport = {
    round,
    worker,
    steps: lastStep,
    lossSum: state.lossSum,
    ...(measures(plan, round) && { sums: await learner.measure(worker, start) }),
  };
  const parts = trains(plan, round) ? encodeUpdate(plan, round, worker, start, state.weights) : [];
  const trace = traceOf(context, "step", round, worker, loadedMs, parts, part?.trace);
  return encodeBundle({ report, trace, parts });
}

function checkLoss({ document }: Context, state: LocalState, round: number, worker: number): void {
  if (Number.isFinite(state.lossSum)) return;
  throw new UserError(
    `The loss became ${state.lossSum} in round ${round}, worker ${worker}, by local step ${state.step}: the training diverged. ` +
      `Lower training.learningRate (now ${document.training.learningRate}), add training.schedule.warmupSteps, or set training.clipNorm.`,
    1,
  );
}
