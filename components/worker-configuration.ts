// What the infrastructure and the worker must agree on, taken from the worker's own code so that the two cannot drift.
import { defaults } from "../worker-runtime/src/clouds/configuration.ts";

export { type Platform, variables } from "../worker-runtime/src/clouds/configuration.ts";
export { keyPrefixes } from "../worker-runtime/src/protocol/keys.ts";

export const { deliveriesBeforeDeadLetter } = defaults;

/** What the worker's image starts (worker-runtime/image/Dockerfile). The image for Azure's Functions starts their host instead. */
export const workerCommand = ["/opt/trivet/bin/node", "/opt/trivet/main.mjs"];

/** Keeps TensorFlow's banner out of the logs. Its own name. */
export const quietTensorFlow = { TF_CPP_MIN_LOG_LEVEL: "2" } as const;

/**
 * The message that starts a stored job again, on the data of that day. `firing`, where a scheduler can say it, is the same
 * in all messages of one firing.
 */
export function retrainMessage(job: string, schedule: string, firing?: string): string {
  return JSON.stringify({ retrain: { firing, job, schedule }, trivet: 1 });
}
