import type { CloudPrices, Price } from "./prices.ts";

/** Tasks that took about as long as each other. */
export interface TaskTime {
  readonly count: number;
  /** How long one of them kept its function busy. */
  readonly milliseconds: number;
}

/** What a job used, or is going to use. */
export interface Usage {
  /** Each is one invocation and one message. */
  readonly tasks: readonly TaskTime[];
  /** PUT and LIST requests at the object store. */
  readonly writes: number;
  /** GET and HEAD requests. */
  readonly reads: number;
  /** What is kept of the job: datasets, rounds, result. */
  readonly storedBytes: number;
  /** Bytes that are fetched from the cloud in the end. */
  readonly fetchedBytes: number;
}

/** How large a function is. */
export interface FunctionSize {
  readonly memoryMib: number;
  /** Cores that come with the memory. */
  readonly cores: number;
}

/** One line of the bill. */
export interface CostItem {
  readonly name: string;
  readonly quantity: number;
  readonly price: Price;
  readonly dollars: number;
}

/** Rounds are kept for so long by default (`roundRetentionDays`); nothing else that a job stores is large. */
const keptDays = 30;
const daysPerMonth = 365.25 / 12;
const gib = 2 ** 30;

/** The bill of one run at list price, free grants not counted. A pure function: the same before a run and after it. */
export function costOf(usage: Usage, prices: CloudPrices, size: FunctionSize): CostItem[] {
  const seconds = billedSeconds(usage.tasks, prices.billingStepMs);
  const tasks = usage.tasks.reduce((sum, { count }) => sum + count, 0);
  const items: readonly [string, number, Price][] = [
    ["cores", seconds * size.cores, prices.coreSecond],
    ["memory", (seconds * size.memoryMib) / 1024, prices.memoryGibSecond],
    ["invocations", tasks, prices.invocation],
    ["store writes", usage.writes, prices.storeWrite],
    ["store reads", usage.reads, prices.storeRead],
    ["storage", ((usage.storedBytes / gib) * keptDays) / daysPerMonth, prices.storedGibMonth],
    ["messages", tasks, prices.message],
    ["fetching the result", usage.fetchedBytes / gib, prices.egressGib],
  ];
  return items.map(([name, quantity, price]) => ({ name, quantity, price, dollars: quantity * price.dollars }));
}

/** Each task's time rounded up to the platform's step. */
export function billedSeconds(tasks: readonly TaskTime[], stepMs: number): number {
  const billedMs = tasks.map(({ count, milliseconds }) => count * Math.ceil(milliseconds / stepMs) * stepMs);
  return billedMs.reduce((sum, ms) => sum + ms, 0) / 1000;
}

export function totalDollars(items: readonly CostItem[]): number {
  return items.reduce((sum, { dollars }) => sum + dollars, 0);
}

/** The bill of a month with `runs` such runs and nothing else in the account, after the free grants. */
export function monthlyDollars(items: readonly CostItem[], runs: number): number {
  return items.reduce(
    (sum, { quantity, price }) => sum + Math.max(0, runs * quantity - price.freePerMonth) * price.dollars,
    0,
  );
}

const hoursPerMonth = 24 * daysPerMonth;

/** An always-on machine for a month: what it costs, and from how many runs of `dollarsPerRun` on it would be cheaper. */
export function alwaysOn({ machine }: CloudPrices, dollarsPerRun: number) {
  const dollars = machine.hour.dollars * hoursPerMonth;
  return { name: machine.name, dollars, cheaperFromRuns: Math.ceil(dollars / dollarsPerRun) };
}
