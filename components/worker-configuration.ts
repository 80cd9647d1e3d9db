// What the infrastructure and the worker must agree on. The worker reads these variables, the components set them.
export { keyPrefixes } from "../worker-runtime/src/protocol/keys.ts";

/** Which platform's entrypoint the image starts. */
export type Platform = "aws-lambda" | "gcp-cloud-run" | "azure-job" | "azure-functions";

/** Names of the environment variables that a deployed worker reads. None holds a secret. */
export const variables = {
  /** One of `Platform`. */
  platform: "TRIVET_PLATFORM",
  /** AWS and Google Cloud: the bucket's name. Azure: the container's address. */
  store: "TRIVET_STORE",
  /** AWS: the queue's address. Google Cloud: `projects/P/topics/T`. Azure: the queue's address. */
  queue: "TRIVET_QUEUE",
  /** Seconds that a worker may take for one task. */
  taskTimeoutSeconds: "TRIVET_TASK_TIMEOUT_SECONDS",
  /** `azure-job` alone: seconds from an execution's start to its end. */
  executionTimeoutSeconds: "TRIVET_EXECUTION_TIMEOUT_SECONDS",
  /** `azure-job` alone: where messages go that were delivered too often. */
  deadLetterQueue: "TRIVET_DEAD_LETTER_QUEUE",
  /** `azure-job` alone: deliveries after which that happens. */
  maximumDeliveries: "TRIVET_MAXIMUM_DELIVERIES",
  /** `worker`, `predict` or `schedule`: what this function does with the same image. */
  role: "TRIVET_ROLE",
  /** `azure-functions` alone: the queue's name; the host's trigger reads it. */
  queueName: "TRIVET_QUEUE_NAME",
  /** `schedule` alone: the message to send. */
  message: "TRIVET_MESSAGE",
} as const;

/** `azure-functions` alone: the name of the trigger's connection to the queue. */
export const functionsConnection = "TRIVET_TASKS";

/** Keeps TensorFlow's banner out of the logs. Its own name. */
export const quietTensorFlow = { TF_CPP_MIN_LOG_LEVEL: "2" } as const;

/** Deliveries before the platform takes a message away: more than the worker's own tries, which can say why. */
export const deliveriesBeforeDeadLetter = 20;

/** Objects under `incoming/<job>/` start that job again where `onNewData` is set. */
export const incomingPrefix = "incoming/";

/** The message that starts a stored job again, on the data of that day. */
export function retrainMessage(job: string, schedule: string): string {
  return JSON.stringify({ retrain: { job, schedule }, trivet: 1 });
}
