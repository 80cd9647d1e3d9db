import { Role } from "@pulumi/aws/iam/role.js";
import { RolePolicy } from "@pulumi/aws/iam/rolePolicy.js";
import { BucketNotification } from "@pulumi/aws/s3/bucketNotification.js";
import { Schedule } from "@pulumi/aws/scheduler/schedule.js";
import type { Queue } from "@pulumi/aws/sqs/queue.js";
import type { QueuePolicy } from "@pulumi/aws/sqs/queuePolicy.js";
import type { Scope } from "../scope.ts";
import { keyPrefixes, retrainMessage } from "../worker-configuration.ts";
import { useKey } from "./identity.ts";
import type { Store } from "./object-store.ts";
import { allow, assumedBy } from "./policies.ts";
import type { AwsTrainingPipelineArgs } from "./training-pipeline.ts";

interface Queues {
  readonly store: Store;
  readonly queue: Queue;
  readonly deadLetters: Queue;
  readonly queuePolicy: QueuePolicy;
}

/** EventBridge puts the time there; docs.aws.amazon.com/scheduler: managing-schedule-context-attributes */
const scheduledTime = "<aws.scheduler.scheduled-time>";

/** Starts jobs again by the clock, straight into the queue. */
export function createSchedules(scope: Scope, args: AwsTrainingPipelineArgs, { queue, deadLetters }: Queues): void {
  if (!args.schedules?.length) return;
  const scheduleRole = scope.create(Role, "scheduleRole", {
    description: "Sends the messages of schedules.",
    assumeRolePolicy: assumedBy("scheduler.amazonaws.com"),
    tags: scope.tags,
  });
  const schedulePolicy = scope.create(RolePolicy, "schedulePolicy", {
    role: scheduleRole.id,
    policy: allow([
      { Sid: "Send", Action: ["sqs:SendMessage"], Resource: [queue.arn, deadLetters.arn] },
      ...useKey(scope, args, "kms:Decrypt", "kms:GenerateDataKey"),
    ]),
  });
  for (const { name, cron, job } of args.schedules)
    scope.create(
      Schedule,
      "schedule",
      {
        description: "Starts a Trivet job again.",
        flexibleTimeWindow: { mode: "OFF" },
        scheduleExpression: scope.gate(cron).apply(awsCron),
        scheduleExpressionTimezone: "UTC",
        target: {
          arn: queue.arn,
          roleArn: scheduleRole.arn,
          input: scope.gate(job).apply((known) => retrainMessage(known, name, scheduledTime)),
          retryPolicy: { maximumRetryAttempts: 3, maximumEventAgeInSeconds: 3600 },
          deadLetterConfig: { arn: deadLetters.arn },
        },
      },
      { index: name, dependsOn: [schedulePolicy] },
    );
}

/** Lets the bucket tell the queue of objects that arrive under `incoming/`. */
export function createNewDataTrigger(
  scope: Scope,
  args: AwsTrainingPipelineArgs,
  { store, queue, queuePolicy }: Queues,
): void {
  if (!args.onNewData) return;
  scope.create(
    BucketNotification,
    "newData",
    {
      bucket: store.name,
      queues: [
        { id: "new-data", queueArn: queue.arn, events: ["s3:ObjectCreated:*"], filterPrefix: keyPrefixes.incoming },
      ],
    },
    // S3 tries the queue when the notification is made.
    { dependsOn: [queuePolicy] },
  );
}

/**
 * Five cron fields as EventBridge wants them: one of the two day fields is `?`, days of the week are 1 (Sunday) to 7, and
 * a year follows. Steps are spelt out. docs.aws.amazon.com/scheduler: schedule-types
 */
export function awsCron(cron: string): string {
  const [minute, hour, dayOfMonth, month, dayOfWeek] = cron.trim().split(/\s+/) as [
    string,
    string,
    string,
    string,
    string,
  ];
  const weekdays = values(dayOfWeek, 0, 6).map((day) => (day % 7) + 1);
  const days =
    dayOfWeek === "*"
      ? `${spelt(dayOfMonth, 1, 31)} ${spelt(month, 1, 12)} ?`
      : `? ${spelt(month, 1, 12)} ${list(weekdays)}`;
  return `cron(${spelt(minute, 0, 59)} ${spelt(hour, 0, 23)} ${days} *)`;
}

const list = (numbers: readonly number[]) => [...new Set(numbers)].sort((a, b) => a - b).join(",");
const spelt = (field: string, first: number, last: number) =>
  field.includes("/") ? list(values(field, first, last)) : field;

/** The numbers that a cron field stands for. */
function values(field: string, first: number, last: number): number[] {
  return field.split(",").flatMap((part) => {
    const [range, step = "1"] = part.split("/") as [string, string?];
    const [from, to = from] = range === "*" ? [first, last] : (range.split("-").map(Number) as [number, number?]);
    return Array.from({ length: to - from + 1 }, (_, i) => from + i).filter((_, i) => i % Number(step) === 0);
  });
}
