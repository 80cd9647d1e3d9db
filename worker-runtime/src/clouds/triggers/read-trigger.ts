import type { Delivery } from "../../ports/task-queue.ts";
import { keyPrefixes } from "../../protocol/keys.ts";
import { newObjectsOfS3 } from "../aws/new-objects.ts";
import { newObjectsOfEventGrid } from "../azure/new-objects.ts";
import { newObjectsOfStorage } from "../gcp/new-objects.ts";

/** A message that starts a job again, instead of doing a piece of one. */
export type Trigger =
  /** A schedule's. `firing` names one time that it fired, in letters that keys may have. */
  | { readonly kind: "schedule"; readonly name: string; readonly schedule: string; readonly firing: string }
  /** Objects were stored under `incoming/<name>/`. No names: nothing to do. */
  | { readonly kind: "data"; readonly names: readonly string[] };

const jobName = /^[a-z0-9][a-z0-9-]{0,99}$/;
const incoming = new RegExp(`^${keyPrefixes.incoming}([a-z0-9][a-z0-9-]{0,99})/.`, "s");

/** Reads a message that is no task. A string says what is wrong with it; undefined: it is nothing that we know. */
export function readTrigger({ body, sentAtMs }: Pick<Delivery, "body" | "sentAtMs">): Trigger | string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  if ("retrain" in value) return readSchedule(value as RetrainMessage, sentAtMs);
  const objects = newObjectsOfS3(value) ?? newObjectsOfStorage(value) ?? newObjectsOfEventGrid(value);
  if (!objects) return undefined;
  const names = objects.map((key) => incoming.exec(key)?.[1]);
  const strange = names.indexOf(undefined);
  if (strange >= 0)
    return `it tells of the object ${JSON.stringify(objects[strange])}, which is not ${keyPrefixes.incoming}<job>/<file>`;
  return { kind: "data", names: [...new Set(names as string[])] };
}

interface RetrainMessage {
  readonly trivet?: unknown;
  readonly retrain?: { readonly job?: unknown; readonly schedule?: unknown; readonly firing?: unknown } | null;
}

function readSchedule({ trivet, retrain }: RetrainMessage, sentAtMs: number | undefined): Trigger | string {
  const { job, schedule, firing } = retrain ?? {};
  if (trivet !== 1) return `its version is ${JSON.stringify(trivet)}, not 1`;
  if (typeof job !== "string" || !jobName.test(job)) return "its job is not a job's name";
  if (typeof schedule !== "string" || !/^[a-z][a-z0-9-]{0,49}$/.test(schedule)) return "it names no schedule";
  const time = typeof firing === "string" && firing !== "" ? firing : minuteOf(sentAtMs);
  if (time === undefined) return "neither it nor its queue says when the schedule fired";
  const inKey = time.replaceAll(/[^A-Za-z0-9._-]/g, "-").slice(0, 100);
  return { kind: "schedule", name: job, schedule, firing: `${schedule}-${inKey}` };
}

/**
 * Schedulers deliver at least once, each time as a new message; and cron fires at most once in a minute. So the messages of
 * one minute are one firing.
 */
function minuteOf(sentAtMs: number | undefined): string | undefined {
  if (sentAtMs === undefined || !Number.isFinite(sentAtMs)) return undefined;
  return new Date(sentAtMs).toISOString().slice(0, 16);
}
