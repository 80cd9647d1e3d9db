import type { Plan } from "../job/plan.ts";
import { Random } from "../training/random.ts";
import {
  alwaysOn,
  billedSeconds,
  breakEvenUtilisation,
  type CostItem,
  costOf,
  type FunctionSize,
  functionSize,
  monthlyDollars,
  speedOf,
  totalDollars,
} from "./cost-model.ts";
import { type DatasetSize, type Forecast, forecast, measurements, type Pace } from "./forecast.ts";
import { modelSpread, spreads } from "./pace.ts";
import { type Cloud, type CloudPrices, clouds, type Prices } from "./prices.ts";

/** A value and the interval that holds four of five runs. */
export interface Interval {
  readonly expected: number;
  readonly low: number;
  readonly high: number;
}

/** What one run takes on one cloud. */
export interface CloudEstimate {
  readonly cloud: Cloud;
  readonly region: string;
  readonly size: FunctionSize;
  readonly dollars: Interval;
  readonly wallMs: Interval;
  readonly computeSeconds: number;
  readonly requests: number;
  /** Between functions and store. */
  readonly bytes: number;
  readonly invocations: number;
  readonly items: readonly CostItem[];
  /** The item that costs most, and its part of the dollars. */
  readonly dominant: { readonly name: string; readonly part: number };
  /** A month of one run a day in an account with nothing else, after the free grants. */
  readonly monthlyDollars: number;
  readonly alwaysOn: {
    readonly name: string;
    readonly dollars: number;
    /** Runs a month from which the machine is cheaper. */
    readonly cheaperFromRuns: number;
    /** The part of its time that the machine must be in use to be cheaper; above 1: never. */
    readonly cheaperFromUtilisation: number;
  };
}

export interface EstimateOptions {
  readonly plan: Plan;
  /** On one whole core. */
  readonly pace: Pace;
  readonly dataset: DatasetSize;
  readonly prices: Prices;
  readonly memoryMib: number;
  /** Functions that work at once. @default one for each worker */
  readonly functions?: number;
  /** By how much a value of the pace may be off: standard deviation over mean. @default those of pace.ts */
  readonly spreads?: Partial<Record<keyof typeof spreads, number>>;
}

/** Samples of the pace behind an interval; the same ones each time. */
const samples = 400;

/** What a run is going to take on each cloud. A pure function. */
export function estimate(options: EstimateOptions): CloudEstimate[] {
  return clouds.map((cloud) => estimateOn(cloud, options));
}

function estimateOn(cloud: Cloud, options: EstimateOptions): CloudEstimate {
  const { plan, dataset, memoryMib, functions = plan.workers } = options;
  const prices = options.prices[cloud];
  const size = functionSize(cloud, memoryMib);
  const run = (pace: Pace) => forecast(plan, withSpeed(pace, speedOf(size)), dataset, functions);
  const expected = run(options.pace);
  const items = costOf(expected, prices, size);
  const dollars = totalDollars(items);
  const others = sampledPaces(options.pace, { ...spreads, ...options.spreads }).map(run);
  const off = (sample: number, value: number) =>
    value * Math.exp(modelSpread * normal(new Random(1, "model", sample), 0));
  const largest = items.reduce((a, b) => (b.dollars > a.dollars ? b : a));
  const computeSeconds = billedSeconds(expected.tasks, prices.billingStepMs);
  return {
    ...{ cloud, region: prices.region, size },
    dollars: interval(
      dollars,
      others.map((other, sample) => off(sample, totalDollars(costOf(other, prices, size)))),
    ),
    wallMs: interval(
      expected.wallMs,
      others.map(({ wallMs }, sample) => off(sample, wallMs)),
    ),
    computeSeconds,
    ...totals(expected),
    items,
    dominant: { name: largest.name, part: largest.dollars / dollars },
    monthlyDollars: monthlyDollars(items, 30),
    alwaysOn: {
      ...alwaysOn(prices, dollars),
      cheaperFromUtilisation: machineUtilisation(prices, plan, options.pace, dollars),
    },
  };
}

/** Requests, bytes and invocations of a forecast. */
export function totals({ writes, reads, bytesRead, bytesWritten, tasks }: Forecast) {
  return {
    requests: writes + reads,
    bytes: bytesRead + bytesWritten,
    invocations: tasks.reduce((sum, { count, inline }) => sum + (inline ? 0 : count), 0),
  };
}

/** The machine takes the same steps, as many at once as it has cores; it waits for no store and starts nothing cold. */
function machineUtilisation(prices: CloudPrices, plan: Plan, pace: Pace, dollars: number): number {
  const { workers, rounds, localSteps } = plan;
  const seconds = (workers * (rounds * localSteps * pace.stepMs + measurements(plan) * pace.measureMs)) / 1000;
  return breakEvenUtilisation(prices, dollars, seconds);
}

/** Steps take longer with less than a core. */
export function withSpeed(pace: Pace, speed: number): Pace {
  return { ...pace, stepMs: pace.stepMs / speed, measureMs: pace.measureMs / speed, loadMs: pace.loadMs / speed };
}

/** Paces around the expected one: each value times a log-normal factor, by counted random numbers. */
function sampledPaces(pace: Pace, spread: Readonly<Record<keyof typeof spreads, number>>): Pace[] {
  const names = Object.keys(spread) as (keyof typeof spreads)[];
  return Array.from({ length: samples }, (_, sample) => {
    const random = new Random(1, "pace", sample);
    const factors = names.map((name, i) => [name, pace[name] * Math.exp(spread[name] * normal(random, i))] as const);
    return { ...pace, ...Object.fromEntries(factors) };
  });
}

/** The i-th normal number, by Box and Muller's way from two uniform ones. */
function normal(random: Random, i: number): number {
  return Math.sqrt(-2 * Math.log(1 - random.uniform(2 * i))) * Math.cos(2 * Math.PI * random.uniform(2 * i + 1));
}

function interval(expected: number, sampled: readonly number[]): Interval {
  const sorted = sampled.toSorted((a, b) => a - b);
  return { expected, low: sorted[Math.floor(sorted.length * 0.1)]!, high: sorted[Math.ceil(sorted.length * 0.9) - 1]! };
}
