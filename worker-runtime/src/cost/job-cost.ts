import type { Plan } from "../job/plan.ts";
import type { RoundRecord, TaskTrace } from "../result/run-record.ts";
import {
  addUsage,
  billedSeconds,
  type CostItem,
  costOf,
  functionSize,
  totalDollars,
  type Usage,
} from "./cost-model.ts";
import { type DatasetSize, forecast, usageAround } from "./forecast.ts";
import { usageOfRepeats, usageOfRound } from "./measured.ts";
import { cloudPace, defaultMemoryMib, paceOf } from "./pace.ts";
import { type Cloud, clouds, type Prices } from "./prices.ts";

/** What a job has used, and what that costs on each cloud. */
export interface JobCost {
  /** Where it ran; undefined for this machine: then the bills are what clouds would ask for the same times. */
  readonly ranOn: Cloud | undefined;
  readonly memoryMib: number;
  readonly tasks: number;
  readonly computeSeconds: number;
  readonly requests: number;
  /** Between functions and store. */
  readonly bytes: number;
  readonly clouds: readonly CloudCost[];
  readonly coldStarts: { readonly tasks: number; readonly part: number };
  readonly deliveredAgain: number;
  readonly doneTwice: number;
  readonly peakMemoryBytes: number;
  /** What to do about the memory, in a sentence; undefined where it fits. */
  readonly advice: string | undefined;
  /** What makes measured and forecast differ, a sentence each. */
  readonly reasons: readonly string[];
}

export interface CloudCost {
  readonly cloud: Cloud;
  readonly items: readonly CostItem[];
  readonly dollars: number;
  /** Of a run of as many rounds, without disturbances, at this job's own pace. */
  readonly forecastDollars: number;
  /** (measured - forecast) / forecast */
  readonly gap: number;
}

export interface JobUse {
  readonly plan: Plan;
  readonly rounds: readonly RoundRecord[];
  readonly repeats: readonly TaskTrace[];
  readonly dataset: DatasetSize;
}

/** Adds up what the tasks of a job wrote down: the same formula as before the run. A pure function. */
export function jobCost({ plan, rounds, repeats, dataset }: JobUse, prices: Prices): JobCost {
  const traces = rounds.flatMap((round) => round.traces);
  const known = rounds.filter(({ traces }) => traces.length > 0);
  const pace = paceOf(plan, rounds) ?? cloudPace({ stepMs: 0, measureMs: 0 });
  const around = usageAround(plan, dataset, pace);
  const usage = addUsage(
    around,
    ...known.map(({ round, traces }) => usageOfRound(plan, round, traces)),
    usageOfRepeats(repeats),
  );
  const whole = forecast(
    { ...plan, rounds: Math.max(1, Math.min(plan.rounds, known.length)) },
    pace,
    dataset,
    placesOf(traces),
  );
  const memoryMib = traces.find((trace) => trace.memoryMib !== undefined)?.memoryMib ?? defaultMemoryMib;
  const bills = clouds.map((cloud) => {
    const bill = (what: Usage) => costOf(what, prices[cloud], functionSize(cloud, memoryMib));
    const items = bill(usage);
    const [dollars, forecastDollars] = [totalDollars(items), totalDollars(bill(whole))];
    return { cloud, items, dollars, forecastDollars, gap: dollars / forecastDollars - 1 };
  });
  const cold = traces.filter((trace) => trace.cold).length;
  const peakMemoryBytes = traces.reduce((most, trace) => Math.max(most, trace.peakMemoryBytes), 0);
  const deliveredAgain = traces.filter(({ attempt }) => attempt > 1).length;
  return {
    ranOn: clouds.find((cloud) => traces.some(({ place }) => place.startsWith(`${cloud}-`))),
    memoryMib,
    tasks: traces.length,
    computeSeconds: billedSeconds(usage.tasks, 1),
    requests: usage.writes + usage.reads,
    bytes: usage.bytesRead + usage.bytesWritten,
    clouds: bills,
    coldStarts: { tasks: cold, part: traces.length > 0 ? cold / traces.length : 0 },
    deliveredAgain,
    doneTwice: repeats.length,
    peakMemoryBytes,
    advice: memoryAdvice(peakMemoryBytes, memoryMib),
    reasons: reasonsOf(usage, whole, {
      cold,
      expectedCold: placesOf(traces),
      deliveredAgain,
      doneTwice: repeats.length,
    }),
  };
}

function placesOf(traces: readonly TaskTrace[]): number {
  return Math.max(1, new Set(traces.map(({ place }) => place)).size);
}

/** A worker needs room above its peak; functions have at least 1,024 MiB (components/limits.ts). */
function memoryAdvice(peakBytes: number, memoryMib: number): string | undefined {
  const peakMib = peakBytes / 2 ** 20;
  if (peakMib === 0) return undefined;
  const enough = Math.max(1024, Math.ceil((1.5 * peakMib) / 512) * 512);
  const used = `${Math.round(peakMib)} of ${memoryMib} MiB were used at most`;
  if (peakMib > 0.85 * memoryMib) return `${used}: too near to the end. Set memoryMib to ${enough}.`;
  if (enough <= memoryMib / 2)
    return `${used}: ${enough} MiB would do, for less on Google Cloud and Azure; Lambda has less of a core then, and takes longer.`;
  return undefined;
}

function reasonsOf(
  measured: Usage,
  whole: Usage,
  counts: { cold: number; expectedCold: number; deliveredAgain: number; doneTwice: number },
): string[] {
  const times = (name: string, value: number, expected: number) =>
    Math.abs(value / expected - 1) >= 0.02
      ? [`${name}: ${percentOff(value / expected)} than the forecast (${round(value)} instead of ${round(expected)}).`]
      : [];
  const { cold, expectedCold, deliveredAgain, doneTwice } = counts;
  return [
    ...times("Seconds of compute", billedSeconds(measured.tasks, 1), billedSeconds(whole.tasks, 1)),
    ...times("Requests at the store", measured.writes + measured.reads, whole.writes + whole.reads),
    ...(cold > expectedCold ? [`${cold} cold starts, where ${expectedCold} were to be expected.`] : []),
    ...(deliveredAgain > 0
      ? [`${tasks(deliveredAgain)} delivered again; what the first tries used is estimated.`]
      : []),
    ...(doneTwice > 0 ? [`${tasks(doneTwice)} done twice, and paid for twice.`] : []),
  ];
}

function tasks(count: number): string {
  return count === 1 ? "1 task was" : `${count} tasks were`;
}

function percentOff(ratio: number): string {
  return `${Math.abs(100 * (ratio - 1)).toFixed(0)} % ${ratio > 1 ? "more" : "less"}`;
}

function round(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en-US") : String(Number(value.toPrecision(3)));
}
