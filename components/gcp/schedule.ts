import { Job } from "@pulumi/gcp/cloudscheduler/job.js";
import { TopicIAMMember } from "@pulumi/gcp/pubsub/topicIAMMember.js";
import { Notification } from "@pulumi/gcp/storage/notification.js";
import type { Scope } from "../scope.ts";
import { keyPrefixes, retrainMessage } from "../worker-configuration.ts";
import type { Targets } from "./identity.ts";
import { storageAgent } from "./project.ts";
import type { GcpTrainingPipelineArgs } from "./training-pipeline.ts";

/** Starts jobs again by the clock, straight into the topic. */
export function createSchedules(scope: Scope, args: GcpTrainingPipelineArgs, { queue }: Targets): void {
  for (const { name, cron, job } of args.schedules ?? [])
    scope.create(
      Job,
      "schedule",
      {
        description: "Starts a Trivet job again.",
        region: scope.gate(args.location),
        schedule: scope.gate(cron),
        timeZone: "Etc/UTC",
        pubsubTarget: {
          topicName: queue.id,
          data: scope.gate(job).apply((known) => Buffer.from(retrainMessage(known, name)).toString("base64")),
        },
        retryConfig: { retryCount: 3 },
      },
      { index: name },
    );
}

/** Lets the bucket tell the topic of objects that arrive under `incoming/`. */
export function createNewDataTrigger(scope: Scope, args: GcpTrainingPipelineArgs, { bucket, queue }: Targets): void {
  if (!args.onNewData) return;
  const publisher = scope.create(TopicIAMMember, "newDataPublisher", {
    topic: queue.name,
    role: "roles/pubsub.publisher",
    member: storageAgent(scope),
  });
  scope.create(
    Notification,
    "newData",
    {
      bucket,
      topic: queue.id,
      payloadFormat: "JSON_API_V1",
      eventTypes: ["OBJECT_FINALIZE"],
      objectNamePrefix: keyPrefixes.incoming,
    },
    { dependsOn: [publisher] },
  );
}
