import type { ServiceIdentity } from "@pulumi/gcp/projects/serviceIdentity.js";
import { Subscription } from "@pulumi/gcp/pubsub/subscription.js";
import { Topic } from "@pulumi/gcp/pubsub/topic.js";
import { TopicIAMMember } from "@pulumi/gcp/pubsub/topicIAMMember.js";
import { daySeconds, deadLetterRetentionDays } from "../limits.ts";
import type { Scope } from "../scope.ts";
import type { GcpTrainingPipelineArgs } from "./training-pipeline.ts";

/** The topic of tasks, and that of tasks that failed too often, which a subscription keeps. */
export function createTaskQueue(scope: Scope, args: GcpTrainingPipelineArgs, pubsubAgent: ServiceIdentity) {
  const topic = {
    messageStoragePolicy: { allowedPersistenceRegions: [scope.gate(args.location)] },
    ...(args.encryptionKey !== undefined && { kmsKeyName: scope.gate(args.encryptionKey) }),
    labels: scope.tags,
  };
  const queue = scope.create(Topic, "queue", topic);
  const deadLetters = scope.create(Topic, "deadLetters", topic);
  const deadLetterSubscription = scope.create(Subscription, "deadLetterSubscription", {
    topic: deadLetters.id,
    messageRetentionDuration: `${deadLetterRetentionDays * daySeconds}s`,
    ackDeadlineSeconds: 60,
    expirationPolicy: { ttl: "" },
    labels: scope.tags,
  });
  // Without this right Pub/Sub says nothing, and moves nothing.
  const deadLetterPublisher = scope.create(TopicIAMMember, "deadLetterPublisher", {
    topic: deadLetters.name,
    role: "roles/pubsub.publisher",
    member: pubsubAgent.member,
  });
  return { queue, deadLetters, deadLetterSubscription, deadLetterPublisher };
}
