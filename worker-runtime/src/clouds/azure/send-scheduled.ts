import { type Configuration, otherVariables } from "../configuration.ts";
import type { Log } from "../log.ts";

/** Sends a schedule's message and ends: Container Apps can start a container by the clock, and nothing else. */
export async function sendScheduled({ queue, message }: Configuration, log: Log): Promise<void> {
  const { openTaskQueue } = await import("./task-queue.ts");
  const body = withFiring(message!, process.env[otherVariables.azureExecution]);
  await openTaskQueue(queue).send([body]);
  log("INFO", `Sent the schedule's message: ${body}`, { event: "schedule" });
}

/** The message with the execution's name in it: an execution that is tried again is the same firing. */
export function withFiring(message: string, execution: string | undefined): string {
  const { retrain, ...others } = JSON.parse(message);
  return JSON.stringify({ retrain: { ...retrain, ...(execution && { firing: execution }) }, ...others });
}
