import { Queue } from "@pulumi/aws/sqs/queue.js";
import { QueuePolicy } from "@pulumi/aws/sqs/queuePolicy.js";
import { RedriveAllowPolicy } from "@pulumi/aws/sqs/redriveAllowPolicy.js";
import { daySeconds, deadLetterRetentionDays, stopSeconds, visibilityTimeouts } from "../limits.ts";
import { json, type Scope } from "../scope.ts";
import type { Store } from "./object-store.ts";
import { denyWithoutTls } from "./policies.ts";
import type { AwsTrainingPipelineArgs } from "./training-pipeline.ts";

/** The tasks, and the tasks that failed too often. */
export function createTaskQueue(scope: Scope, args: AwsTrainingPipelineArgs, store: Store) {
  const { taskTimeoutSeconds, maxAttempts } = scope.settings;
  const encryption =
    args.encryptionKey === undefined
      ? { sqsManagedSseEnabled: true }
      : { kmsMasterKeyId: scope.gate(args.encryptionKey) };
  const deadLetters = scope.create(Queue, "deadLetters", {
    ...encryption,
    messageRetentionSeconds: deadLetterRetentionDays * daySeconds,
    tags: scope.tags,
  });
  const queue = scope.create(Queue, "queue", {
    ...encryption,
    visibilityTimeoutSeconds: taskTimeoutSeconds.apply((seconds) => visibilityTimeouts * (seconds + stopSeconds)),
    messageRetentionSeconds: 4 * daySeconds,
    receiveWaitTimeSeconds: 20,
    redrivePolicy: json({ deadLetterTargetArn: deadLetters.arn, maxReceiveCount: maxAttempts }),
    tags: scope.tags,
  });
  scope.create(RedriveAllowPolicy, "redriveAllow", {
    queueUrl: deadLetters.url,
    redriveAllowPolicy: json({ redrivePermission: "byQueue", sourceQueueArns: [queue.arn] }),
  });
  const notifications = {
    Sid: "NewData",
    Effect: "Allow",
    Principal: { Service: "s3.amazonaws.com" },
    Action: "sqs:SendMessage",
    Resource: queue.arn,
    Condition: { ArnEquals: { "aws:SourceArn": store.arn } },
  };
  const queuePolicy = scope.create(QueuePolicy, "queuePolicy", {
    queueUrl: queue.url,
    policy: denyWithoutTls("sqs", [queue.arn], ...(args.onNewData ? [notifications] : [])),
  });
  scope.create(QueuePolicy, "deadLetterPolicy", {
    queueUrl: deadLetters.url,
    policy: denyWithoutTls("sqs", [deadLetters.arn]),
  });
  return { queue, deadLetters, queuePolicy };
}
