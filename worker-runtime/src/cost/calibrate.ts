import { performance } from "node:perf_hooks";
import type { JobDocument } from "../job/document.ts";
import type { Plan } from "../job/plan.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { openLearner } from "../training/learner.ts";
import { median, spreadOf } from "./pace.ts";

/** What a job's steps take on one core of this machine. */
export interface Calibration {
  readonly stepMs: number;
  readonly measureMs: number;
  /** Loading TensorFlow and the first step, which records it. */
  readonly loadMs: number;
  /** By how much groups of steps differed: standard deviation over mean. */
  readonly jitter: number;
  readonly steps: number;
  readonly peakMemoryBytes: number;
}

/** Long enough for a median that the next try repeats, short enough to wait for. */
const secondsOfSteps = 2;
const groups = 8;

/** Takes real steps of the job, recorded and all, on its first batches, and measures one worker's share once. Stores nothing. */
export async function calibrate(
  store: ObjectStore,
  document: JobDocument,
  plan: Plan,
  nowMs: () => number = () => performance.now(),
): Promise<Calibration> {
  const begunAtMs = nowMs();
  const learner = await openLearner(store, document, plan, { nowMs, onNotice: () => {} });
  const start = { step: 0, weights: learner.initialWeights(), optimizer: new Float32Array(0), lossSum: 0 };
  const train = async (round: number, steps: number) => {
    const startedAtMs = nowMs();
    await learner.train(round, 0, start, steps);
    return nowMs() - startedAtMs;
  };
  const first = Math.min(2, plan.localSteps);
  await train(0, first);
  const loadMs = nowMs() - begunAtMs;
  // The second share finds everything warm, and tells how many steps make a group.
  const warmMs = (await train(0, Math.min(8, plan.localSteps))) / Math.min(8, plan.localSteps);
  const groupMs = (1000 * secondsOfSteps) / groups;
  const groupSteps = Math.max(1, Math.min(plan.localSteps, Math.round(groupMs / Math.max(0.01, warmMs))));
  const times: number[] = [];
  const until = nowMs() + 1000 * secondsOfSteps;
  let round = 0;
  while (times.length < 3 || nowMs() < until) {
    times.push((await train(round, groupSteps)) / groupSteps);
    round = (round + 1) % plan.rounds;
  }
  await learner.measure(0, start.weights);
  const measuredAtMs = nowMs();
  await learner.measure(0, start.weights);
  const measureMs = nowMs() - measuredAtMs;
  return {
    ...{ stepMs: median(times), measureMs, loadMs, jitter: spreadOf(times), steps: times.length * groupSteps },
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
  };
}
