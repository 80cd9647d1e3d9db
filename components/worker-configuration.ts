// What the infrastructure and the worker must agree on. The worker reads these variables, the components set them; its own
// names are taken from its own code, so that the two cannot drift.
import { defaults, variables as workerVariables } from "../worker-runtime/src/clouds/configuration.ts";

export type { Platform } from "../worker-runtime/src/clouds/configuration.ts";
export { keyPrefixes } from "../worker-runtime/src/protocol/keys.ts";

/** Names of the environment variables that a deployed worker reads. None holds a secret. */
export const variables = {
  ...workerVariables,
  /** `worker`, `predict` or `schedule`: what this function does with the same image. */
  role: "TRIVET_ROLE",
  /** `azure-job` alone: deliveries after which a message is a dead letter. */
  maximumDeliveries: "TRIVET_MAXIMUM_DELIVERIES",
  /** `schedule` alone: the message to send. */
  message: "TRIVET_MESSAGE",
} as const;

export const { deliveriesBeforeDeadLetter } = defaults;

/** Keeps TensorFlow's banner out of the logs. Its own name. */
export const quietTensorFlow = { TF_CPP_MIN_LOG_LEVEL: "2" } as const;

/** Objects under `incoming/<job>/` start that job again where `onNewData` is set. */
export const incomingPrefix = "incoming/";

/** The message that starts a stored job again, on the data of that day. */
export function retrainMessage(job: string, schedule: string): string {
  return JSON.stringify({ retrain: { job, schedule }, trivet: 1 });
}
