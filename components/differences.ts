import type { Cloud } from "./limits.ts";

/** Where the three pipelines are not the same, what that means for a user, and why it is so. docs/differences.md is made from it. */
export interface Difference extends Readonly<Record<Cloud, string>> {
  readonly what: string;
  readonly why: string;
}

export const differences: readonly Difference[] = [
  {
    what: "Worker",
    aws: "Lambda function from a container image",
    gcp: "Cloud Run service, one request per instance",
    azure: 'event-driven Container Apps job, or with `host: "functions"` Azure Functions on Container Apps',
    why: "Each is that cloud's function that takes a container image and scales to zero. Azure's other function plans take no image or never reach zero.",
  },
  {
    what: "How a task reaches the worker",
    aws: "event source mapping, one message per call",
    gcp: "HTTP push with an identity token",
    azure: "KEDA starts a job execution per message, which receives it itself; or the Functions host's queue trigger",
    why: "There is no common way. The worker's entrypoint hides it; the message is the same.",
  },
  {
    what: "CPU of a worker",
    aws: "memory / 1,769 MiB, given by Lambda",
    gcp: "memory / 2,048 MiB, rounded up to 1, 2, 4, 6 or 8",
    azure: "memory / 2,048 MiB, given by Container Apps",
    why: "AWS and Azure do not let it be chosen. A worker computes on one core by default.",
  },
  {
    what: "How long an unacknowledged task is hidden",
    aws: "6 function timeouts, 3,540 s by default",
    gcp: "600 s",
    azure: "the task's time limit and a minute, said by the worker when it receives; the Functions host renews it",
    why: "AWS asks for 6 function timeouts. Pub/Sub has no more than 600 s, so its tasks are at most 540 s long. Only the wait after a crash differs.",
  },
  {
    what: "Concurrency cap",
    aws: "the event source mapping's maximumConcurrency",
    gcp: "the service's maximum of instances; further pushes fail and are tried again after 10-600 s",
    azure: "the job's maxExecutions, or the app's maxReplicas",
    why: "Pub/Sub knows no cap, so waiting tasks use up delivery attempts: hence 20 of them by default, and at least as many workers as a job's tasks are advised.",
  },
  {
    what: "Dead letters",
    aws: "moved by SQS, which can also send them back",
    gcp: "moved by Pub/Sub to a topic, kept by a pull subscription",
    azure: "moved by the worker (or the Functions host) to the queue `tasks-poison`",
    why: "Storage Queue has no dead letters of its own.",
  },
  {
    what: "Warm workers",
    aws: "provisioned concurrency of the alias",
    gcp: "minimum of instances",
    azure: 'none with `host: "job"`; minimum of replicas with `host: "functions"`',
    why: "A job starts one container per message.",
  },
  {
    what: "Submitter",
    aws: "a managed policy to attach to people or roles; with `submitters`, also a role that they may assume",
    gcp: "a service account that `submitters` may impersonate",
    azure: "role assignments for `submitters`, and a managed identity for machines",
    why: "Azure has no identity that a person can take on.",
  },
  {
    what: "Key of your own (`encryptionKey`)",
    aws: "bucket, queues, registry, logs, alerts",
    gcp: "bucket, topics, registry, service",
    azure: "the storage account, which holds objects and queues; needs `encryptionIdentity`",
    why: "A basic Azure registry and a shared Log Analytics workspace take no key of yours. Azure reaches a key through an identity that exists before the account.",
  },
  {
    what: "`removalPolicy: empty`",
    aws: "the bucket and the registry refuse to go while they hold something",
    gcp: "the bucket refuses; the registry goes with its images, and the log bucket with its lines",
    azure:
      "resource group, account, container, registry and logs are protected: the destroy stops before anything is removed, whether they are empty or not",
    why: "Azure removes an account with all that is in it, and does not ask. Images can be pushed again; results cannot be had again for nothing.",
  },
  {
    what: "`logs: { skip: true }`",
    aws: "logs are not kept: the functions may not write any",
    gcp: "the project's `_Default` bucket, 30 days",
    azure: "logs are not kept, and there are no alarms made from logs",
    why: "A log group that Lambda makes itself would never forget; Google Cloud always has its own bucket.",
  },
  {
    what: "Alarm on throttles",
    aws: "Lambda's Throttles",
    gcp: "responses 429 of the service",
    azure: "ServerBusyError of the storage account",
    why: "Container Apps jobs have no throttle to count: what waits is seen by the age of the oldest task.",
  },
  {
    what: "Alarm on the age of the oldest task",
    aws: "ApproximateAgeOfOldestMessage",
    gcp: "oldest_unacked_message_age",
    azure: "tasks were stored for an hour and none was removed, from the queue's log",
    why: "Storage Queue has no metric of age, and its count is refreshed about once a day.",
  },
  {
    what: "Budget",
    aws: "by the tag `trivet-pipeline`, which must be activated once as a cost allocation tag",
    gcp: "by the label `trivet-pipeline`; needs `billingAccount` and rights on it",
    azure: "by the resource group; needs `budgetStartsOn`, the first day of a month",
    why: "Azure refuses a budget whose first month is over, and a pipeline's arguments must not depend on the day they are read.",
  },
  {
    what: "New data",
    aws: "S3 notifies the queue",
    gcp: "Cloud Storage notifies the topic",
    azure: "an Event Grid system topic stores the event in the queue",
    why: "Each is the platform's own event; the worker reads all three.",
  },
  {
    what: "Schedule",
    aws: "EventBridge Scheduler sends the message",
    gcp: "Cloud Scheduler publishes the message",
    azure: "a scheduled Container Apps job with the same image sends the message",
    why: "Azure has no scheduler that writes to a queue with an identity.",
  },
  {
    what: "Prediction endpoint",
    aws: "function URL signed with IAM (SigV4)",
    gcp: "Cloud Run service, called with a Google identity token",
    azure: "container app, called with a Microsoft Entra token; needs `predictClientId`, your app registration",
    why: "Each is the platform's own way to prove who calls. Azure knows no caller without an app registration, which needs rights in the directory.",
  },
  {
    what: "GPU",
    aws: "none",
    gcp: "`gpu: true`: one NVIDIA L4 per worker, with `memoryMib` of 16,384 or more",
    azure: '`gpu: true`: one NVIDIA T4 per worker, 8 cores and 56 GiB, with `host: "job"`',
    why: "Lambda has no GPU. The worker's TensorFlow computes on the CPU today; an image of yours may use it.",
  },
  {
    what: "`network: { create: true }`",
    aws: "VPC, two subnets, free S3 endpoint, SQS endpoint at about 15 dollars a month",
    gcp: "VPC network and one subnetwork with private Google access, free",
    azure: "virtual network and one subnet with a free Storage endpoint",
    why: "AWS reaches SQS without the internet only through an endpoint that bills by the hour. Azure's subnet keeps its way out, which Container Apps itself needs; the others have none.",
  },
  {
    what: "Tags",
    aws: "as they are: keys up to 128, values up to 256 characters",
    gcp: "labels: lower-case letters, digits, `_`, `-`, up to 63 characters; what is lost is told by a warning",
    azure: "as they are, without `<>%&\\?/` in keys; keys up to 512, values up to 256 characters",
    why: "Google Cloud's labels know no other characters.",
  },
];
