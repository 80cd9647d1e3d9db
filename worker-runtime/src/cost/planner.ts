import type { Codec } from "../job/document.ts";
import type { Plan } from "../job/plan.ts";
import { costOf, functionSize, speedOf, totalDollars } from "./cost-model.ts";
import { withSpeed } from "./estimate.ts";
import { type DatasetSize, forecast, type Pace } from "./forecast.ts";
import type { Cloud, Prices } from "./prices.ts";

/** What a planner may choose. */
export interface Choice {
  readonly cloud: Cloud;
  readonly workers: number;
  readonly memoryMib: number;
  readonly localSteps: number;
  readonly codec: Codec;
  readonly reducers: number;
}

/** A choice, and what a run takes with it. */
export interface Option {
  readonly choice: Choice;
  readonly rounds: number;
  readonly wallMs: number;
  readonly dollars: number;
}

/** What changes the result, and so is varied only when it is asked for. Memory, cloud and reducers never do. */
export const variables = ["workers", "codec", "steps"] as const;
export type Variable = (typeof variables)[number];

export interface PlannerInput {
  /** As the document says it: where the search starts, and what stays where it is not varied. */
  readonly plan: Plan;
  readonly pace: Pace;
  readonly dataset: DatasetSize;
  readonly prices: Prices;
  readonly clouds: readonly Cloud[];
  readonly vary: readonly Variable[];
  /** Functions that may work at once. */
  readonly maximumWorkers: number;
  /** Memory that a worker needs at least. */
  readonly minimumMemoryMib: number;
}

/** What may not be passed; at most one of the two. */
export interface Limit {
  readonly deadlineMs?: number;
  readonly dollars?: number;
}

const codecs: readonly Codec[] = ["fp32", "bf16", "int8"];
/** Every number up to 64, since the rounds that make up for it go up and down with it; then steps. */
const workerSteps = [...Array.from({ length: 64 }, (_, i) => i + 1), 80, 96, 112, 128, 160, 192, 224, 256];
/** Of these, what lies between is looked at near the best choices. */
const memorySteps = [1024, 1536, 2048, 3072, 4096];
const reducerSteps = [1, 2, 4, 8, 16, 32, 64];

/** Time and dollars of a choice. The same examples are seen whatever is chosen: the rounds make up for it. */
export function judge(input: PlannerInput, choice: Choice): Option {
  const { plan, pace, dataset, prices } = input;
  const { cloud, workers, memoryMib, localSteps, codec, reducers } = choice;
  const steps = plan.workers * plan.localSteps * plan.rounds;
  const rounds = Math.max(1, Math.ceil(steps / (workers * localSteps)));
  // As often as before, by the examples seen in between.
  const evaluateEvery =
    plan.evaluateEvery === 0
      ? 0
      : Math.max(1, Math.round((plan.evaluateEvery * plan.workers * plan.localSteps) / (workers * localSteps)));
  const size = functionSize(cloud, memoryMib);
  const chosen = { ...plan, workers, localSteps, codec, reducers, rounds, evaluateEvery };
  // A worker measures its share of the held-out examples.
  const measureMs = (pace.measureMs * plan.workers) / workers;
  const usage = forecast(chosen, withSpeed({ ...pace, measureMs }, speedOf(size)), dataset);
  return { choice, rounds, wallMs: usage.wallMs, dollars: totalDollars(costOf(usage, prices[cloud], size)) };
}

/** Every choice on the coarse steps. */
export function coarseChoices(input: PlannerInput): Choice[] {
  const { plan, vary, maximumWorkers, minimumMemoryMib } = input;
  const upTo = <T extends number>(steps: readonly T[], most: number) => steps.filter((step) => step <= most);
  const workers = vary.includes("workers") ? upTo(workerSteps, maximumWorkers) : [plan.workers];
  const memories = [minimumMemoryMib, ...memorySteps.filter((memory) => memory > minimumMemoryMib)];
  const reducers = upTo(reducerSteps, Math.min(256, plan.weightCount));
  const localSteps = vary.includes("steps") ? [...new Set(stepsAround(plan.localSteps))] : [plan.localSteps];
  return input.clouds.flatMap((cloud) =>
    workers.flatMap((w) =>
      memories.flatMap((memoryMib) =>
        localSteps.flatMap((h) =>
          (vary.includes("codec") ? codecs : [plan.codec]).flatMap((codec) =>
            reducers.map((s) => ({ cloud, workers: w, memoryMib, localSteps: h, codec, reducers: s })),
          ),
        ),
      ),
    ),
  );
}

function stepsAround(localSteps: number): number[] {
  return [0.25, 0.5, 1, 2, 4].map((factor) => Math.max(1, Math.round(factor * localSteps)));
}

/**
 * The best choice within a limit: the cheapest before a deadline, the fastest for the dollars; without a limit the cheapest.
 * Undefined where none keeps it. Looks at the coarse steps first, and then between them around the best few.
 */
export function bestWithin(input: PlannerInput, limit: Limit, coarse = judgeAll(input)): Option | undefined {
  const isBetter = (a: Option, b: Option | undefined) => b === undefined || rankOf(a, limit) < rankOf(b, limit);
  const starts = coarse.toSorted((a, b) => rankOf(a, limit) - rankOf(b, limit)).slice(0, 24);
  let best: Option | undefined;
  for (const start of starts) {
    let here = start;
    for (let found = true; found; ) {
      const next = neighbours(input, here.choice)
        .map((choice) => judge(input, choice))
        .filter((option) => isSensible(input, option))
        .reduce((a, b) => (isBetter(b, a) ? b : a), here);
      found = next !== here;
      here = next;
    }
    if (isBetter(here, best)) best = here;
  }
  return best && keeps(best, limit) ? best : undefined;
}

export function judgeAll(input: PlannerInput): Option[] {
  return coarseChoices(input)
    .map((choice) => judge(input, choice))
    .filter((option) => isSensible(input, option));
}

/** Workers must meet again and again to learn together: at least a quarter as often as the document says. */
export function isSensible({ plan }: PlannerInput, { rounds }: Option): boolean {
  return rounds >= plan.rounds / 4;
}

/** Choices that differ by one number, from one step to the next larger or smaller one. */
function neighbours(input: PlannerInput, choice: Choice): Choice[] {
  const { vary, maximumWorkers, minimumMemoryMib, plan } = input;
  const { workers, memoryMib, localSteps, reducers } = choice;
  const steps = (value: number, least: number, most: number, by = [1, 2, 5]) =>
    by.flatMap((step) => [value - step, value + step]).filter((next) => next >= least && next <= most);
  const memoryBy = choice.cloud === "azure" ? [512] : [64, 256];
  return [
    ...(vary.includes("workers") ? steps(workers, 1, maximumWorkers).map((w) => ({ ...choice, workers: w })) : []),
    ...(vary.includes("steps")
      ? steps(localSteps, ...localStepRange(plan), [1, Math.ceil(localSteps / 10)]).map((h) => ({
          ...choice,
          localSteps: h,
        }))
      : []),
    ...steps(memoryMib, minimumMemoryMib, 4096, memoryBy).map((m) => ({ ...choice, memoryMib: m })),
    ...steps(reducers, 1, Math.min(256, plan.weightCount)).map((s) => ({ ...choice, reducers: s })),
  ];
}

export function localStepRange({ localSteps }: Plan): [least: number, most: number] {
  const around = stepsAround(localSteps);
  return [Math.min(...around), Math.max(...around)];
}

/** Smaller is better; what does not keep the limit comes after all that does, by how far it misses it. */
function rankOf({ wallMs, dollars }: Option, { deadlineMs, dollars: most }: Limit): number {
  if (deadlineMs !== undefined) return wallMs <= deadlineMs ? dollars : 1e9 + wallMs;
  if (most !== undefined) return dollars <= most ? wallMs : 1e12 * (1 + dollars);
  return dollars;
}

export function keeps({ wallMs, dollars }: Option, limit: Limit): boolean {
  return wallMs <= (limit.deadlineMs ?? Infinity) && dollars <= (limit.dollars ?? Infinity);
}

/** Of all options those that no other beats in both time and dollars, the fastest first. */
export function frontier(options: readonly Option[]): Option[] {
  const sorted = options.toSorted((a, b) => a.wallMs - b.wallMs || a.dollars - b.dollars);
  let cheapest = Infinity;
  return sorted.filter(({ dollars }) => {
    const isCheaper = dollars < cheapest;
    cheapest = Math.min(cheapest, dollars);
    return isCheaper;
  });
}

/** At most so many of a frontier, evenly spread over its dollars. Fastest and cheapest are among them. */
export function thinned(options: readonly Option[], most: number): Option[] {
  if (options.length <= most) return [...options];
  const picked = Array.from({ length: most }, (_, i) => options[Math.round((i * (options.length - 1)) / (most - 1))]!);
  return [...new Set(picked)];
}

/** What a choice changes of the document, in words: only that changes the result. */
export function changesOf(plan: Plan, { workers, codec, localSteps }: Choice): string[] {
  return [
    ...(workers === plan.workers ? [] : [`workers: ${plan.workers} -> ${workers}`]),
    ...(localSteps === plan.localSteps ? [] : [`rounds.localSteps: ${plan.localSteps} -> ${localSteps}`]),
    ...(codec === plan.codec ? [] : [`rounds.codec: ${plan.codec} -> ${codec}`]),
  ];
}
