import type { Plan } from "../job/plan.ts";
import { measures, trains } from "../protocol/update.ts";
import type { RoundRecord, TaskTrace } from "../result/run-record.ts";
import type { Pace } from "./forecast.ts";
import { latencyOf } from "./measured.ts";

/** The default size of a worker on each cloud (components/limits.ts). */
export const defaultMemoryMib = 2048;

/**
 * What cannot be measured on this machine. The store as LambdaML measured S3 from Lambda (SIGMOD'21, table 6): 65 MB/s with
 * a standard deviation of 7, 80 ms with 20. A new function begins after about 1.2 s (the same); it loads TensorFlow in about
 * 0.6 s (bench/results/cold-start.json); that a message takes a tenth of a second is a guess.
 */
export const cloudConditions = {
  ...{ startUpMs: 1200, loadMs: 600, exportMs: 1500, queueMs: 100 },
  ...{ storeLatencyMs: 80, storeBytesPerSecond: 65e6, parallelRequests: 16 },
} as const;

/** How far each of them may be off: standard deviation over mean. That of a step holds how much faster a cloud's core is. */
export const spreads = {
  ...{ stepMs: 0.12, measureMs: 0.12, startUpMs: 0.3, loadMs: 0.3, exportMs: 0.3, queueMs: 0.5 },
  ...{ storeLatencyMs: 0.25, storeBytesPerSecond: 0.11 },
} as const;

/** How far time and dollars of the model itself are off where everything else is known (bench/results/forecast.json). */
export const modelSpread = 0.08;

/** A job's own pace under a cloud's conditions. */
export function cloudPace(own: Pick<Pace, "stepMs" | "measureMs"> & Partial<Pace>): Pace {
  return { ...cloudConditions, ...own };
}

/**
 * The pace of a job from what its tasks wrote down; undefined while no round that trains is complete. What is not to be
 * learned from it is a cloud's. Times are medians, so that a few disturbed tasks do not count.
 */
export function paceOf(plan: Plan, rounds: readonly RoundRecord[]): Pace | undefined {
  const steps = rounds.flatMap(({ traces }) => traces.filter(({ task }) => task === "step"));
  const cold = steps.filter((trace) => trace.cold);
  // Who loads TensorFlow and records the step in it takes longer; so the others tell, where there are any.
  const warm = steps.filter((trace) => !trace.cold);
  const ofKind = (training: boolean, measuring: boolean, traces = warm) =>
    traces.filter(({ round }) => trains(plan, round) === training && measures(plan, round) === measuring);
  const compute = (traces: readonly TaskTrace[]) => median(traces.map(({ computeMs }) => computeMs));
  const [plain, both, last] = [ofKind(true, false), ofKind(true, true), ofKind(false, true)];
  const training = plain.length > 0 ? plain : both.length > 0 ? both : ofKind(true, false, steps);
  if (training.length === 0) return undefined;
  const measureMs =
    plain.length > 0 && both.length > 0
      ? Math.max(0, compute(both) - compute(plain))
      : compute(last.length > 0 ? last : []);
  const shareMs = Math.max(0, compute(training) - (training === both ? measureMs : 0));
  const first = ofKind(true, false, cold);
  const inCloud = steps.filter(({ startUpMs }) => startUpMs !== undefined);
  return cloudPace({
    ...{ stepMs: shareMs / plan.localSteps, measureMs, storeLatencyMs: latencyOf(steps) },
    jitter: spreadOf(training.map(({ computeMs }) => computeMs)),
    ...(first.length > 0 && {
      loadMs: Math.max(0, median(first.map(({ loadMs, computeMs }) => loadMs + computeMs)) - shareMs),
    }),
    startUpMs: inCloud.length > 0 ? median(inCloud.map(({ startUpMs }) => startUpMs!)) : 0,
    queueMs: median(steps.filter(({ attempt }) => attempt === 1).map(({ queueMs }) => queueMs)),
  });
}

export function median(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

/** Standard deviation over mean, without the largest and smallest tenth. */
export function spreadOf(values: readonly number[]): number {
  const cut = Math.floor(values.length / 10);
  const kept = values.toSorted((a, b) => a - b).slice(cut, values.length - cut);
  const mean = kept.reduce((sum, value) => sum + value, 0) / kept.length;
  if (kept.length < 2 || mean === 0) return 0;
  return Math.sqrt(kept.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (kept.length - 1)) / mean;
}
