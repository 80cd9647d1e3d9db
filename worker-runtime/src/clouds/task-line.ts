import type { Message } from "../protocol/messages.ts";
import type { Severity } from "./log.ts";

/** What became of a message in a worker's hands, whatever platform it came from. */
export interface TaskResult {
  readonly outcome: "done" | "poison" | "failed" | "retry";
  /** Undefined for what is not a message of this version. */
  readonly message?: Message;
  /** In words what it was, where it is none of a job's tasks, and the job that it started. */
  readonly subject?: string;
  readonly job?: string;
  readonly reason?: string;
  readonly error?: unknown;
}

const severities: Record<TaskResult["outcome"], Severity> = {
  done: "INFO",
  poison: "WARNING",
  failed: "ERROR",
  retry: "WARNING",
};

/** The log line of one task: how it ended, in words and in fields. */
export function taskLine(result: TaskResult, body: string, durationMs: number) {
  const { outcome, message, subject, job, reason, error } = result;
  const what = message ? nameOf(message) : (subject ?? `The message ${excerpt(body)}`);
  const words = {
    done: `${what}: done in ${durationMs} ms`,
    poison: `${what} was put away, since it could only come again for ever: ${reason}`,
    failed: message ? `${what} ended the job: ${reason}` : `${what} started no run: ${reason}`,
    retry: `${what} failed and is tried again: ${reason}`,
  };
  const stack = outcome === "retry" ? stackOf(error) : undefined;
  return {
    severity: severities[outcome],
    message: words[outcome],
    fields: {
      event: "task",
      outcome,
      ...(message && { job: message.job, task: message.task }),
      ...(job !== undefined && { job }),
      ...(reason !== undefined && { reason }),
      durationMs,
      ...(stack && { stack }),
    },
  };
}

/** A task in words: "Step of worker 1 in round 3 of job vision-3f9a1c2e". */
export function nameOf({ job, task }: Message): string {
  if (task.kind === "step") return `Step of worker ${task.worker} in round ${task.round} of job ${job}`;
  if (task.kind === "reduce") return `Reduce of shard ${task.shard} in round ${task.round} of job ${job}`;
  if (task.kind === "advance") return `Look at round ${task.round} of job ${job}`;
  return `Finish of job ${job}`;
}

function excerpt(body: string): string {
  return JSON.stringify(body.length > 200 ? `${body.slice(0, 200)}...` : body);
}

/** Only of errors that nobody expected; a UserError says all there is to say. */
function stackOf(error: unknown): string | undefined {
  return error instanceof Error && error.name !== "UserError" ? error.stack : undefined;
}
