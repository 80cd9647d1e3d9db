import type { Subscription } from "@pulumi/gcp/pubsub/subscription.js";
import { SubscriptionIAMMember } from "@pulumi/gcp/pubsub/subscriptionIAMMember.js";
import type { Topic } from "@pulumi/gcp/pubsub/topic.js";
import { TopicIAMMember } from "@pulumi/gcp/pubsub/topicIAMMember.js";
import { Account } from "@pulumi/gcp/serviceaccount/account.js";
import { IAMMember } from "@pulumi/gcp/serviceaccount/iammember.js";
import { BucketIAMMember } from "@pulumi/gcp/storage/bucketIAMMember.js";
import * as pulumi from "@pulumi/pulumi";
import type { Scope } from "../scope.ts";
import { keyPrefixes } from "../worker-configuration.ts";
import type { GcpTrainingPipelineArgs } from "./training-pipeline.ts";

/** What identities are granted rights on. */
export interface Targets {
  readonly bucket: pulumi.Output<string>;
  readonly queue: Topic;
}

/** A condition by which a right holds only for objects whose keys start so. */
function onPrefixes(bucket: pulumi.Output<string>, ...prefixes: string[]) {
  const tests = prefixes.map(
    (prefix) => pulumi.interpolate`resource.name.startsWith("projects/_/buckets/${bucket}/objects/${prefix}")`,
  );
  return { title: "only-these-prefixes", expression: pulumi.all(tests).apply((known) => known.join(" || ")) };
}

/** The worker's account: it reads and adds objects, and sends tasks. It can overwrite and delete nothing. */
export function createWorkerIdentity(scope: Scope, { bucket, queue }: Targets): Account {
  const { datasets, jobs, rounds } = keyPrefixes;
  const account = scope.create(Account, "workerAccount", {
    description: "Trains: reads and adds objects, sends tasks.",
  });
  scope.create(BucketIAMMember, "workerReader", {
    bucket,
    role: "roles/storage.objectViewer",
    member: account.member,
  });
  scope.create(BucketIAMMember, "workerCreator", {
    bucket,
    role: "roles/storage.objectCreator",
    member: account.member,
    condition: onPrefixes(bucket, datasets, jobs, rounds),
  });
  scope.create(TopicIAMMember, "workerPublisher", {
    topic: queue.name,
    role: "roles/pubsub.publisher",
    member: account.member,
  });
  return account;
}

/** What people need to submit jobs and fetch results: an account that `submitters` may take on. */
export function createSubmitter(
  scope: Scope,
  args: GcpTrainingPipelineArgs,
  { bucket, queue, deadLetterSubscription }: Targets & { readonly deadLetterSubscription: Subscription },
): Account {
  const account = scope.create(Account, "submitterAccount", {
    description: "Submits jobs and fetches results.",
  });
  const { member } = account;
  scope.create(BucketIAMMember, "submitterReader", { bucket, role: "roles/storage.objectViewer", member });
  scope.create(BucketIAMMember, "submitterCreator", {
    bucket,
    role: "roles/storage.objectCreator",
    member,
    condition: onPrefixes(bucket, keyPrefixes.datasets, keyPrefixes.jobs, keyPrefixes.incoming),
  });
  scope.create(TopicIAMMember, "submitterPublisher", {
    topic: queue.name,
    role: "roles/pubsub.publisher",
    member,
  });
  // `trivet status` counts the tasks that failed too often; Pub/Sub tells their number only to who takes and returns them.
  scope.create(SubscriptionIAMMember, "submitterDeadLetters", {
    subscription: deadLetterSubscription.name,
    role: "roles/pubsub.subscriber",
    member,
  });
  for (const [i, submitter] of (args.submitters ?? []).entries())
    scope.create(
      IAMMember,
      "submitter",
      { serviceAccountId: account.name, role: "roles/iam.serviceAccountTokenCreator", member: scope.gate(submitter) },
      { index: String(i) },
    );
  return account;
}
