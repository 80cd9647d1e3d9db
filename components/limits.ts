import { differences } from "./differences.ts";
import { deliveriesBeforeDeadLetter } from "./worker-configuration.ts";

export { differences };

export type Cloud = "aws" | "gcp" | "azure";
export const clouds: readonly Cloud[] = ["aws", "gcp", "azure"];
export const cloudNames: Record<Cloud, string> = { aws: "AWS", gcp: "Google Cloud", azure: "Azure" };

/** The range of one setting on one cloud. Both ends are allowed. */
export interface Limit {
  readonly minimum: number;
  readonly maximum: number;
  readonly default?: number;
  /** Only multiples of it. */
  readonly step?: number;
  /** Only these. */
  readonly values?: readonly number[];
  /** Why: a sentence that ends an error message, and where it is written. */
  readonly reason: string;
  readonly source: string;
}

export type LimitedSetting =
  | "memoryMib"
  | "taskTimeoutSeconds"
  | "maxConcurrency"
  | "warmInstances"
  | "maxAttempts"
  | "roundRetentionDays"
  | "logRetentionDays"
  | "monthlyBudgetDollars";

const runQuotas = "docs.cloud.google.com/run/quotas";
const pushSubscription = "Pub/Sub Subscription reference: ackDeadlineSeconds, deadLetterPolicy";
const lambdaQuotas = "docs.aws.amazon.com/lambda: gettingstarted-limits";
const containerApps = "learn.microsoft.com/azure/container-apps/containers, .../functions-overview";
const ours = "Trivet";
const cloudWatchDays = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

const rounds: Limit = {
  ...{ minimum: 15, maximum: 3650, default: 30 },
  reason: "dead letters are kept for 14 days and may be sent again, which needs the round's data",
  source: ours,
};
const budget: Limit = { minimum: 1, maximum: 1_000_000, reason: "a budget is an amount of dollars", source: ours };
const warm = (maximum: number, reason: string, source: string): Limit => ({
  minimum: 0,
  maximum,
  default: 0,
  reason,
  source,
});

/** Validation, documentation and tests read these ranges; they stand nowhere else. */
export const limits: Record<Cloud, Record<LimitedSetting, Limit>> = {
  aws: {
    memoryMib: {
      ...{ minimum: 1024, maximum: 10_240, default: 2048 },
      reason: "TensorFlow needs the lower end, and a Lambda function has at most 10,240 MB",
      source: lambdaQuotas,
    },
    taskTimeoutSeconds: {
      ...{ minimum: 60, maximum: 840, default: 540 },
      reason: "a Lambda function ends after at most 900 seconds, and 50 of them are kept for stopping",
      source: lambdaQuotas,
    },
    maxConcurrency: {
      ...{ minimum: 2, maximum: 1000, default: 10 },
      reason: "an SQS event source mapping takes a maximumConcurrency from 2 to 1,000",
      source: "docs.aws.amazon.com/lambda: services-sqs-scaling",
    },
    warmInstances: warm(1000, "provisioned concurrency counts against the 1,000 of a region", lambdaQuotas),
    maxAttempts: {
      ...{ minimum: 1, maximum: 1000, default: deliveriesBeforeDeadLetter },
      reason: "SQS takes a maxReceiveCount from 1 to 1,000",
      source: "docs.aws.amazon.com/AWSSimpleQueueService: sqs-dead-letter-queues",
    },
    roundRetentionDays: rounds,
    logRetentionDays: {
      ...{ minimum: 1, maximum: 3653, default: 30, values: cloudWatchDays },
      reason: "CloudWatch Logs takes only these numbers of days",
      source: "docs.aws.amazon.com/AmazonCloudWatchLogs: PutRetentionPolicy",
    },
    monthlyBudgetDollars: budget,
  },
  gcp: {
    memoryMib: {
      ...{ minimum: 1024, maximum: 32_768, default: 2048 },
      reason: "TensorFlow needs the lower end, and a Cloud Run instance has at most 32 GiB",
      source: runQuotas,
    },
    taskTimeoutSeconds: {
      ...{ minimum: 60, maximum: 540, default: 540 },
      reason: "Pub/Sub pushes a message again after at most 600 seconds, and 60 of them are kept for stopping",
      source: pushSubscription,
    },
    maxConcurrency: {
      ...{ minimum: 1, maximum: 1000, default: 10 },
      reason: "a Cloud Run service has at most 1,000 instances",
      source: runQuotas,
    },
    warmInstances: warm(1000, "they count against the service's 1,000 instances", runQuotas),
    maxAttempts: {
      ...{ minimum: 5, maximum: 100, default: deliveriesBeforeDeadLetter },
      reason: "Pub/Sub takes maxDeliveryAttempts from 5 to 100",
      source: pushSubscription,
    },
    roundRetentionDays: rounds,
    logRetentionDays: {
      ...{ minimum: 1, maximum: 3650, default: 30 },
      reason: "a Cloud Logging bucket keeps logs for 1 to 3,650 days",
      source: "docs.cloud.google.com/logging/quotas",
    },
    monthlyBudgetDollars: budget,
  },
  azure: {
    memoryMib: {
      ...{ minimum: 1024, maximum: 8192, default: 2048, step: 512 },
      reason: "Container Apps has 0.5 GiB of memory with each quarter of a core, up to 8 GiB",
      source: containerApps,
    },
    taskTimeoutSeconds: {
      ...{ minimum: 60, maximum: 1740, default: 540 },
      reason: "the Functions host ends a function after 30 minutes, and 50 seconds of them are kept for stopping",
      source: "learn.microsoft.com/azure/azure-functions/functions-scale",
    },
    maxConcurrency: {
      ...{ minimum: 1, maximum: 1000, default: 10 },
      reason: "a container app has at most 1,000 replicas",
      source: containerApps,
    },
    warmInstances: warm(1000, "a container app has at most 1,000 replicas", containerApps),
    maxAttempts: {
      ...{ minimum: 1, maximum: 100, default: deliveriesBeforeDeadLetter },
      reason: "Azure has no upper limit; a message that failed 100 times will not succeed",
      source: "learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue-trigger",
    },
    roundRetentionDays: rounds,
    logRetentionDays: {
      ...{ minimum: 30, maximum: 730, default: 30 },
      reason: "a Log Analytics workspace keeps logs for 30 to 730 days",
      source: "learn.microsoft.com/azure/azure-monitor/logs/data-retention-configure",
    },
    monthlyBudgetDollars: budget,
  },
};

/** Seconds between the worker's own limit and the platform's: enough to store a part and send what follows. */
export const stopSeconds = 50;
/** AWS asks for a visibility timeout of at least six function timeouts; docs.aws.amazon.com/lambda: services-sqs-configure. */
export const visibilityTimeouts = 6;
/** Seconds after which a waiting task raises an alarm. */
export const oldestTaskSeconds = 3600;
/** Days that dead letters are kept, the most that SQS has. */
export const deadLetterRetentionDays = 14;
export const daySeconds = 86_400;
export const maximumSchedules = 20;
