import type { ObjectStore } from "../ports/object-store.ts";
import { keys } from "./keys.ts";
import { seal, unseal } from "./sealed.ts";

/**
 * Choices that do not follow from the plan alone (an early stop, a cancel, a failure) are committed like any other object
 * before anybody acts on them. Whoever comes later reads what was decided instead of deciding anew.
 */
export interface Decision {
  readonly name: "stop" | "cancel" | "failed" | "result";
  readonly reason: string;
  /** The round in which it was taken, where it belongs to one. */
  readonly round?: number;
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
