import type { Delivery } from "../../ports/task-queue.ts";
import { countAttempt } from "../attempts.ts";
import type { TaskResult } from "../task-line.ts";
import type { Trigger } from "./read-trigger.ts";
import { giveUp, type RetrainParts, retrain } from "./retrain.ts";

/**
 * Starts the jobs that a trigger is for, and only then acknowledges. Rejects for what another try may mend. `maximumAttempts`:
 * tries, after which the firing is given up.
 */
export async function handleTrigger(
  parts: RetrainParts,
  trigger: Trigger,
  delivery: Delivery,
  maximumAttempts: number,
): Promise<TaskResult> {
  const schedule = trigger.kind === "schedule" ? trigger.firing : undefined;
  const started: string[] = [];
  const failures: string[] = [];
  for (const name of trigger.kind === "schedule" ? [trigger.name] : trigger.names) {
    // Every message of a schedule has the same body.
    const attempt = await countAttempt(parts.store, name, `${schedule} ${delivery.body}`, delivery.attempt);
    const reason =
      `its data was begun to be read ${attempt - 1} times, and never to the end: reading may take longer than a function may ` +
      "run, or more memory than it has";
    const retraining =
      attempt > maximumAttempts ? await giveUp(parts, name, schedule, reason) : await retrain(parts, name, schedule);
    if ("plan" in retraining) started.push(retraining.plan.job);
    else failures.push(retraining.failed);
  }
  await delivery.acknowledge();
  const subject = subjectOf(trigger, started);
  const job = started.length > 0 && { job: started.join(", ") };
  return failures.length > 0
    ? { outcome: "failed", subject, ...job, reason: failures.join(" ") }
    : { outcome: "done", subject, ...job };
}

/** A trigger in words: "Schedule nightly of sentiment, which means sentiment-3f9a1c2e-2". */
function subjectOf(trigger: Trigger, started: readonly string[]): string {
  const what =
    trigger.kind === "schedule"
      ? `Schedule ${trigger.schedule} of ${trigger.name}`
      : trigger.names.length > 0
        ? `New data of ${trigger.names.join(", ")}`
        : "A test of the notification of new data";
  return started.length > 0 ? `${what}, which means ${started.join(", ")}` : what;
}
