import type { ObjectStore } from "../ports/object-store.ts";
import type { Budget } from "./budget.ts";
import { keys } from "./keys.ts";
import { seal, unseal } from "./sealed.ts";

/**
 * Choices that do not follow from the plan alone (an early stop, a cancel, a failure, a budget) are committed like any other
 * object before anybody acts on them. Whoever comes later reads what was decided instead of deciding anew.
 */
export interface Decision {
  /**
   * `budget-0001` is a cap on what the job may cost; one with a higher number takes its place. `spent-0001`: under that cap
   * the job stopped.
   */
  readonly name: "stop" | "cancel" | "failed" | "result" | `budget-${string}` | `spent-${string}`;
  readonly reason: string;
  /** The round in which it was taken, where it belongs to one; of `spent`, the round before which the job stopped. */
  readonly round?: number;
  /** Of `budget` alone. */
  readonly budget?: Budget;
}

export async function decide(
  store: ObjectStore,
  job: string,
  name: Decision["name"],
  details: Omit<Decision, "name">,
): Promise<void> {
  await store.putIfAbsent(keys.decision(job, name), Buffer.from(seal(details)));
}

/**
 * What has been decided; usually nothing. `certain`: names that are also looked up one by one, for whoever must not miss them
 * where a list may come a moment late.
 */
export async function readDecisions(
  store: ObjectStore,
  job: string,
  certain: readonly Decision["name"][] = [],
): Promise<Decision[]> {
  const prefix = keys.decisions(job);
  const listed = (await store.list(prefix)).map(({ key }) => key.slice(prefix.length) as Decision["name"]);
  const decisions = await Promise.all(
    [...new Set([...listed, ...certain])].map(async (name) => {
      const key = keys.decision(job, name);
      const bytes = await store.get(key);
      return bytes && { ...unseal<Decision>(key, bytes), name };
    }),
  );
  return decisions.filter((decision) => decision !== undefined);
}

/** A cap on what the job may cost, and its number: 1 for the first. The last one holds. */
export function budgetOf(
  decisions: readonly Decision[],
): { readonly number: number; readonly budget: Budget } | undefined {
  // Listed in the order of their keys, which is that of their numbers.
  const last = decisions.findLast(({ name }) => name.startsWith("budget-"));
  return last?.budget && { number: Number(last.name.slice("budget-".length)), budget: last.budget };
}

/** The name of the n-th budget, or of the stop under it. */
export function numbered<Kind extends "budget" | "spent">(kind: Kind, number: number): `${Kind}-${string}` {
  return `${kind}-${String(number).padStart(4, "0")}`;
}

/** The decision by which the job ends, if there is one. That a budget was spent counts until there is another budget. */
export function endOf(decisions: readonly Decision[]): Decision | undefined {
  const find = (name: Decision["name"]) => decisions.find((decision) => decision.name === name);
  const budget = budgetOf(decisions);
  return (
    find("failed") ??
    find("cancel") ??
    find("stop") ??
    find("result") ??
    (budget && find(numbered("spent", budget.number)))
  );
}

export function isSpent(decision: Decision | undefined): boolean {
  return decision?.name.startsWith("spent-") ?? false;
}

/** The key of a file of the result to which a decision leads: what a spent budget leaves is not the job's last word. */
export function resultKeys(job: string, end: Decision | undefined): (file: string) => string {
  if (!end || !isSpent(end)) return (file) => keys.result(job, file);
  const number = Number(end.name.slice("spent-".length));
  return (file) => keys.stopped(job, number, file);
}
