import { addUsage, costOf, type FunctionSize, functionSize, totalDollars, type Usage } from "../cost/cost-model.ts";
import { usageOfRepeats, usageOfRound } from "../cost/measured.ts";
import type { Cloud, CloudPrices } from "../cost/prices.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { TaskTrace } from "../result/run-record.ts";
import type { Context } from "./context.ts";
import { budgetOf, type Decision, decide, numbered, readDecisions } from "./decisions.ts";
import { keys } from "./keys.ts";
import { seal, unseal } from "./sealed.ts";

/** A cap on what a job may cost, with the prices that it is held against. */
export interface Budget {
  readonly dollars: number;
  /** One bill in a cloud. On this machine one for each cloud, and the dearest counts. */
  readonly bills: readonly Bill[];
}

/** How one cloud's bill is made out. */
export interface Bill {
  readonly cloud: Cloud;
  readonly prices: CloudPrices;
  /** Of a function, where the platform does not tell its memory. */
  readonly size: FunctionSize;
  /** What is due besides the rounds: starting, storing the data, exporting and fetching the result. */
  readonly fixedDollars: number;
}

/** `ledger/<r>.json`: what is known of the cost at the end of round r, by cloud in dollars. */
export interface Ledger {
  /** On rounds 0 to r. */
  readonly rounds: Readonly<Record<string, number>>;
  /** On tasks that were done twice, of any round. */
  readonly repeats: Readonly<Record<string, number>>;
  readonly dearestRound: Readonly<Record<string, number>>;
}

/** Beside the dearest round so far, so much of it again must be left for the next one. */
const reserveFactor = 1.25;
/** What the ledger itself asks of the store each round. */
const ledgerUsage: Usage = {
  ...{ tasks: [], writes: 2, reads: 5, bytesRead: 4000, bytesWritten: 300, storedBytes: 300, fetchedBytes: 0 },
};

/**
 * Stores a cap where another one holds, or none. The last one holds, so a job that has stopped by its budget goes on with a
 * higher one.
 */
export async function setBudget(store: ObjectStore, job: string, budget: Budget): Promise<void> {
  const last = budgetOf(await readDecisions(store, job));
  if (last?.budget.dollars === budget.dollars) return;
  await decide(store, job, numbered("budget", (last?.number ?? 0) + 1), { reason: "asked for", budget });
}

/**
 * Whether a round might pass the budget; then it is decided that the job stops before it. All that it is judged by has been
 * stored before, so whoever asks comes to the same. The first round always runs: nothing is known before it.
 */
export async function isOverBudget(context: Context, decisions: readonly Decision[], round: number): Promise<boolean> {
  const last = budgetOf(decisions);
  if (!last || round === 0) return false;
  const { store, job, plan } = context;
  const { dollars, bills } = last.budget;
  const ledger = await readLedger(context, bills, round - 1);
  const spent = bills.map(({ cloud, fixedDollars }) => fixedDollars + ledger.rounds[cloud]! + ledger.repeats[cloud]!);
  if (bills.every(({ cloud }, i) => spent[i]! + reserveFactor * ledger.dearestRound[cloud]! <= dollars)) return false;
  const reason =
    `of its budget of $${dollars}, $${short(Math.max(...spent))} are spent after ${round} of ${plan.rounds} rounds, and ` +
    "the next might pass it";
  await decide(store, job, numbered("spent", last.number), { round, reason });
  return true;
}

/** Makes the ledger of a round where nobody has, from the one before and from what the round's tasks wrote down. */
async function readLedger(context: Context, bills: readonly Bill[], round: number): Promise<Ledger> {
  const { store, job } = context;
  const stored = await store.get(keys.ledger(job, round));
  if (stored) return unseal<Ledger>(keys.ledger(job, round), stored);
  // Usually that of the round before is there; none is where the budget was set in the middle of a job.
  let first = round;
  let ledger: Ledger | undefined;
  while (first > 0 && !ledger) {
    const before = await store.get(keys.ledger(job, first - 1));
    if (before) ledger = unseal<Ledger>(keys.ledger(job, first - 1), before);
    else first--;
  }
  for (let next = first; next <= round; next++) ledger = await addRound(context, bills, next, ledger);
  await store.putIfAbsent(keys.ledger(job, round), Buffer.from(seal(ledger!)));
  return unseal<Ledger>(keys.ledger(job, round), (await store.get(keys.ledger(job, round)))!);
}

async function addRound(
  { store, job, plan }: Context,
  bills: readonly Bill[],
  round: number,
  before: Ledger | undefined,
): Promise<Ledger> {
  const [traces, repeats] = await Promise.all([readTraces(store, keys.trace(job, round)), readRepeats(store, job)]);
  const usage = addUsage(usageOfRound(plan, round, traces), ledgerUsage);
  const withRepeats = addUsage(usage, usageOfRepeats(repeats.filter((trace) => trace.round === round)));
  const memoryMib = traces.find((trace) => trace.memoryMib !== undefined)?.memoryMib;
  const each = (dollarsOf: (bill: Bill, dollarsFor: (usage: Usage) => number) => number) =>
    Object.fromEntries(
      bills.map((bill) => {
        const size = memoryMib === undefined ? bill.size : functionSize(bill.cloud, memoryMib);
        return [bill.cloud, dollarsOf(bill, (usage) => totalDollars(costOf(usage, bill.prices, size)))];
      }),
    );
  return {
    rounds: each(({ cloud }, dollarsFor) => (before?.rounds[cloud] ?? 0) + dollarsFor(usage)),
    repeats: each((_, dollarsFor) => dollarsFor(usageOfRepeats(repeats))),
    dearestRound: each(({ cloud }, dollarsFor) => Math.max(before?.dearestRound[cloud] ?? 0, dollarsFor(withRepeats))),
  };
}

async function readTraces(store: ObjectStore, key: string): Promise<TaskTrace[]> {
  const bytes = await store.get(key);
  const traces = bytes ? (JSON.parse(Buffer.from(bytes).toString()) as (TaskTrace | null)[]) : [];
  return traces.filter((trace) => trace !== null);
}

/** What was done twice. Each is there once, whoever did it. */
export async function readRepeats(store: ObjectStore, job: string): Promise<TaskTrace[]> {
  const found = await store.list(keys.repeats(job));
  const repeats = await Promise.all(found.map(async ({ key }) => await store.get(key)));
  return repeats.filter((bytes) => bytes !== undefined).map((bytes) => JSON.parse(Buffer.from(bytes).toString()));
}

function short(dollars: number): string {
  return dollars >= 0.1 ? dollars.toFixed(2) : dollars.toPrecision(2);
}
