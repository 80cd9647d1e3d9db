import type { Image } from "@pulumi/docker-build";
import type { Repository } from "@pulumi/gcp/artifactregistry/repository.js";
import type { Budget } from "@pulumi/gcp/billing/budget.js";
import type { Service } from "@pulumi/gcp/cloudrunv2/service.js";
import type { ServiceIamMember } from "@pulumi/gcp/cloudrunv2/serviceIamMember.js";
import type { Job } from "@pulumi/gcp/cloudscheduler/job.js";
import type { Network } from "@pulumi/gcp/compute/network.js";
import type { Subnetwork } from "@pulumi/gcp/compute/subnetwork.js";
import type { CryptoKeyIAMMember } from "@pulumi/gcp/kms/cryptoKeyIAMMember.js";
import type { ProjectBucketConfig } from "@pulumi/gcp/logging/projectBucketConfig.js";
import type { ProjectExclusion } from "@pulumi/gcp/logging/projectExclusion.js";
import type { ProjectSink } from "@pulumi/gcp/logging/projectSink.js";
import type { AlertPolicy } from "@pulumi/gcp/monitoring/alertPolicy.js";
import type { Dashboard } from "@pulumi/gcp/monitoring/dashboard.js";
import type { NotificationChannel } from "@pulumi/gcp/monitoring/notificationChannel.js";
import type { Service as ProjectService } from "@pulumi/gcp/projects/service.js";
import type { ServiceIdentity } from "@pulumi/gcp/projects/serviceIdentity.js";
import type { Subscription } from "@pulumi/gcp/pubsub/subscription.js";
import type { SubscriptionIAMMember } from "@pulumi/gcp/pubsub/subscriptionIAMMember.js";
import type { Topic } from "@pulumi/gcp/pubsub/topic.js";
import type { TopicIAMMember } from "@pulumi/gcp/pubsub/topicIAMMember.js";
import type { Account } from "@pulumi/gcp/serviceaccount/account.js";
import type { IAMMember } from "@pulumi/gcp/serviceaccount/iammember.js";
import type { Bucket } from "@pulumi/gcp/storage/bucket.js";
import type { BucketIAMMember } from "@pulumi/gcp/storage/bucketIAMMember.js";
import type { Notification } from "@pulumi/gcp/storage/notification.js";
import { type NameRule, unnamed } from "../naming.ts";
import type { Nodes, Transform } from "../scope.ts";

/** Every child of a pipeline on Google Cloud that there is once. */
interface Single {
  pubsubAgent: typeof ServiceIdentity;
  bucket: typeof Bucket;
  newData: typeof Notification;
  newDataPublisher: typeof TopicIAMMember;
  queue: typeof Topic;
  deadLetters: typeof Topic;
  deadLetterSubscription: typeof Subscription;
  deadLetterPublisher: typeof TopicIAMMember;
  registry: typeof Repository;
  image: typeof Image;
  logBucket: typeof ProjectBucketConfig;
  logSink: typeof ProjectSink;
  logExclusion: typeof ProjectExclusion;
  workerAccount: typeof Account;
  workerReader: typeof BucketIAMMember;
  workerCreator: typeof BucketIAMMember;
  workerPublisher: typeof TopicIAMMember;
  pushAccount: typeof Account;
  pushInvoker: typeof ServiceIamMember;
  pushToken: typeof IAMMember;
  worker: typeof Service;
  trigger: typeof Subscription;
  triggerSubscriber: typeof SubscriptionIAMMember;
  submitterAccount: typeof Account;
  submitterReader: typeof BucketIAMMember;
  submitterCreator: typeof BucketIAMMember;
  submitterDeadLetters: typeof SubscriptionIAMMember;
  submitterPublisher: typeof TopicIAMMember;
  predictorAccount: typeof Account;
  predictorReader: typeof BucketIAMMember;
  predictor: typeof Service;
  alertEmail: typeof NotificationChannel;
  dashboard: typeof Dashboard;
  budget: typeof Budget;
  network: typeof Network;
  subnet: typeof Subnetwork;
}

/** Every child of which there may be several. */
interface Several {
  api: typeof ProjectService;
  keyAgent: typeof ServiceIdentity;
  keyUser: typeof CryptoKeyIAMMember;
  submitter: typeof IAMMember;
  caller: typeof ServiceIamMember;
  schedule: typeof Job;
  alarm: typeof AlertPolicy;
}

/** The children of a pipeline on Google Cloud. What an option leaves out is undefined. */
export type GcpNodes = Nodes<Single, Several>;

/** For `transform`: arguments to lay over a child's own. */
export type GcpTransform = Transform<Single & Several>;

const named = (maximum: number): NameRule => ({ maximum, separator: "-", suffix: 8 });

/** The longest name of each child that Pulumi's Google Cloud provider names itself, as `name-1a2b3c4`. */
export const nameRules: Readonly<Record<keyof GcpTransform, NameRule>> = {
  api: unnamed,
  pubsubAgent: unnamed,
  keyAgent: unnamed,
  keyUser: unnamed,
  bucket: named(63),
  newData: unnamed,
  newDataPublisher: unnamed,
  queue: named(255),
  deadLetters: named(255),
  deadLetterSubscription: named(255),
  deadLetterPublisher: unnamed,
  registry: named(63),
  image: unnamed,
  logBucket: unnamed,
  logSink: named(100),
  logExclusion: named(100),
  workerAccount: named(30),
  workerReader: unnamed,
  workerCreator: unnamed,
  workerPublisher: unnamed,
  pushAccount: named(30),
  pushInvoker: unnamed,
  pushToken: unnamed,
  worker: named(49),
  trigger: named(255),
  triggerSubscriber: unnamed,
  submitterAccount: named(30),
  submitterReader: unnamed,
  submitterCreator: unnamed,
  submitterDeadLetters: unnamed,
  submitterPublisher: unnamed,
  submitter: unnamed,
  predictorAccount: named(30),
  predictorReader: unnamed,
  predictor: named(49),
  caller: unnamed,
  schedule: named(500),
  alertEmail: unnamed,
  alarm: unnamed,
  dashboard: unnamed,
  budget: unnamed,
  network: named(63),
  subnet: named(63),
};
