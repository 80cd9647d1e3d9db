import type { Cloud, CloudPrices, Price } from "./prices.ts";

/** Tasks that took about as long as each other. */
export interface TaskTime {
  readonly count: number;
  /** How long one of them kept its function busy. */
  readonly milliseconds: number;
  /** Done right after another task, in its invocation: no message of its own, and nothing to round up. */
  readonly inline?: boolean;
}

/** What a job, or a part of it, used or is going to use. */
export interface Usage {
  /** Each is one invocation and one message. */
  readonly tasks: readonly TaskTime[];
  /** PUT and LIST requests at the object store. */
  readonly writes: number;
  /** GET and HEAD requests. */
  readonly reads: number;
  /** Between the functions and the store, which is free within a region. */
  readonly bytesRead: number;
  readonly bytesWritten: number;
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
/** Lambda gives one core with so many MiB, and a part of it with less (docs.aws.amazon.com/lambda: configuration-memory). */
const lambdaMibPerCore = 1769;

/** What comes with so much memory on a cloud; the components size their functions so. */
export function functionSize(cloud: Cloud, memoryMib: number): FunctionSize {
  if (cloud === "aws") return { memoryMib, cores: Math.min(6, memoryMib / lambdaMibPerCore) };
  if (cloud === "azure") return { memoryMib, cores: memoryMib / 2048 };
  return { memoryMib, cores: [1, 2, 4, 6].find((cores) => cores * 2048 >= memoryMib) ?? 8 };
}

/** How fast a function of that size takes steps, which run on one thread; 1 with a whole core. */
export function speedOf({ cores }: FunctionSize): number {
  return Math.min(1, cores);
}

/** The bill of one run at list price, free grants not counted. A pure function: the same before a run and after it. */
export function costOf(usage: Usage, prices: CloudPrices, size: FunctionSize): CostItem[] {
  const seconds = billedSeconds(usage.tasks, prices.billingStepMs);
  const invocations = usage.tasks.reduce((sum, { count, inline }) => sum + (inline ? 0 : count), 0);
  const items: readonly [string, number, Price][] = [
    ["cores", seconds * size.cores, prices.coreSecond],
    ["memory", (seconds * size.memoryMib) / 1024, prices.memoryGibSecond],
    ["invocations", invocations, prices.invocation],
    ["store writes", usage.writes, prices.storeWrite],
    ["store reads", usage.reads, prices.storeRead],
    ["storage", ((usage.storedBytes / gib) * keptDays) / daysPerMonth, prices.storedGibMonth],
    ["messages", invocations, prices.message],
    ["fetching the result", usage.fetchedBytes / gib, prices.egressGib],
  ];
  return items.map(([name, quantity, price]) => ({ name, quantity, price, dollars: quantity * price.dollars }));
}

/** Each task's time rounded up to the platform's step. */
export function billedSeconds(tasks: readonly TaskTime[], stepMs: number): number {
  const billedMs = tasks.map(
    ({ count, milliseconds, inline }) =>
      count * (inline ? milliseconds : Math.ceil(Number((milliseconds / stepMs).toFixed(6))) * stepMs),
  );
  return billedMs.reduce((sum, ms) => sum + ms, 0) / 1000;
}

export function totalDollars(items: readonly CostItem[]): number {
  return items.reduce((sum, { dollars }) => sum + dollars, 0);
}

export function addUsage(...usages: readonly Usage[]): Usage {
  const sum = (field: Exclude<keyof Usage, "tasks">) => usages.reduce((total, usage) => total + usage[field], 0);
  return {
    tasks: usages.flatMap(({ tasks }) => tasks),
    ...{ writes: sum("writes"), reads: sum("reads"), bytesRead: sum("bytesRead"), bytesWritten: sum("bytesWritten") },
    ...{ storedBytes: sum("storedBytes"), fetchedBytes: sum("fetchedBytes") },
  };
}

/** What several such parts use. */
export function timesUsage(usage: Usage, times: number): Usage {
  const { writes, reads, bytesRead, bytesWritten, storedBytes, fetchedBytes } = usage;
  return {
    tasks: usage.tasks.map((task) => ({ ...task, count: times * task.count })),
    ...{
      writes: times * writes,
      reads: times * reads,
      bytesRead: times * bytesRead,
      bytesWritten: times * bytesWritten,
    },
    ...{ storedBytes: times * storedBytes, fetchedBytes: times * fetchedBytes },
  };
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

/**
 * From which part of its time in use an always-on machine is cheaper than functions for the same work. The machine does
 * as many steps at once as it has cores.
 */
export function breakEvenUtilisation({ machine }: CloudPrices, dollarsPerRun: number, computeSeconds: number): number {
  const machineSecondsPerRun = computeSeconds / machine.cores;
  const dollarsPerMachineSecond = machine.hour.dollars / 3600;
  return (machineSecondsPerRun * dollarsPerMachineSecond) / dollarsPerRun;
}
