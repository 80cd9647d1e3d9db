import type { Plan } from "../job/plan.ts";

/** One piece of work. Tasks are idempotent: what one did already, another finds and leaves alone. */
export type Task =
  /** Take the local steps of one worker in one round, from `fromStep` on when it was paused there. */
  | { readonly kind: "step"; readonly round: number; readonly worker: number; readonly fromStep?: number }
  /** Make one shard of the next round's model from all workers' updates. */
  | { readonly kind: "reduce"; readonly round: number; readonly shard: number }
  /**
   * Look at what is stored of a round and send what is missing: at once at the start of a job and when it resumes
   * (`look` 0), or if it is late; `look` counts how often one has looked.
   */
  | { readonly kind: "advance"; readonly round: number; readonly look: number }
  /** Export the result. */
  | { readonly kind: "finish" };

/** What travels in the queue: a few hundred bytes of JSON; the data is in the store. */
export interface Message {
  readonly trivet: 1;
  readonly job: string;
  readonly sentAtMs: number;
  readonly task: Task;
}

export function encodeMessage(message: Message): string {
  return JSON.stringify(message);
}

/** Reads a message from outside. A string says what is wrong with it: such a message can never be worked on. */
export function decodeMessage(body: string): Message | string {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return "it is not JSON";
  }
  if (!isRecord(value)) return "it is not a JSON object";
  if (value.trivet !== 1) return `its version is ${JSON.stringify(value.trivet)}, not 1`;
  if (typeof value.job !== "string" || !/^[a-z0-9][a-z0-9-]{0,99}$/.test(value.job))
    return "its job is not a job's name";
  if (typeof value.sentAtMs !== "number") return "it has no time";
  const { task } = value;
  if (!isRecord(task)) return "it has no task";
  const has = (field: string, maximum: number) =>
    Number.isInteger(task[field]) && (task[field] as number) >= 0 && (task[field] as number) <= maximum;
  const fine =
    task.kind === "finish" ||
    (has("round", 999_999) &&
      ((task.kind === "advance" && has("look", 1e6)) ||
        (task.kind === "step" && has("worker", 9999) && (task.fromStep === undefined || has("fromStep", 1e8))) ||
        (task.kind === "reduce" && has("shard", 9999))));
  return fine
    ? (value as unknown as Message)
    : `its task is not one of this version: ${JSON.stringify(task).slice(0, 200)}`;
}

/** Whether the plan has such a task. A message that names another round, worker or shard would leave its job's keys. */
export function isOfPlan(task: Task, plan: Plan): boolean {
  if (task.kind === "finish") return true;
  if (task.kind === "step")
    return task.round <= plan.rounds && task.worker < plan.workers && (task.fromStep ?? 0) < plan.localSteps;
  if (task.kind === "reduce") return task.round < plan.rounds && task.shard < plan.reducers;
  return task.round <= plan.rounds;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
