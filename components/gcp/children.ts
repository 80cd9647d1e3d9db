import type { Image } from "@pulumi/docker-build";
import type * as artifactregistry from "@pulumi/gcp/artifactregistry/index.js";
import type * as billing from "@pulumi/gcp/billing/index.js";
import type * as cloudrunv2 from "@pulumi/gcp/cloudrunv2/index.js";
import type * as cloudscheduler from "@pulumi/gcp/cloudscheduler/index.js";
import type * as compute from "@pulumi/gcp/compute/index.js";
import type * as kms from "@pulumi/gcp/kms/index.js";
import type * as logging from "@pulumi/gcp/logging/index.js";
import type * as monitoring from "@pulumi/gcp/monitoring/index.js";
import type * as projects from "@pulumi/gcp/projects/index.js";
import type * as pubsub from "@pulumi/gcp/pubsub/index.js";
import type * as serviceaccount from "@pulumi/gcp/serviceaccount/index.js";
import type * as storage from "@pulumi/gcp/storage/index.js";
import { type NameRule, unnamed } from "../naming.ts";
import type { Nodes, Transform } from "../scope.ts";

/** Every child of a pipeline on Google Cloud that there is once. */
interface Single {
  pubsubAgent: typeof projects.ServiceIdentity;
  bucket: typeof storage.Bucket;
  newData: typeof storage.Notification;
  newDataPublisher: typeof pubsub.TopicIAMMember;
  queue: typeof pubsub.Topic;
  deadLetters: typeof pubsub.Topic;
  deadLetterSubscription: typeof pubsub.Subscription;
  deadLetterPublisher: typeof pubsub.TopicIAMMember;
  registry: typeof artifactregistry.Repository;
  image: typeof Image;
  logBucket: typeof logging.ProjectBucketConfig;
  logSink: typeof logging.ProjectSink;
  logExclusion: typeof logging.ProjectExclusion;
  workerAccount: typeof serviceaccount.Account;
  workerReader: typeof storage.BucketIAMMember;
  workerCreator: typeof storage.BucketIAMMember;
  workerPublisher: typeof pubsub.TopicIAMMember;
  pushAccount: typeof serviceaccount.Account;
  pushInvoker: typeof cloudrunv2.ServiceIamMember;
  pushToken: typeof serviceaccount.IAMMember;
  worker: typeof cloudrunv2.Service;
  trigger: typeof pubsub.Subscription;
  triggerSubscriber: typeof pubsub.SubscriptionIAMMember;
  submitterAccount: typeof serviceaccount.Account;
  submitterReader: typeof storage.BucketIAMMember;
  submitterCreator: typeof storage.BucketIAMMember;
  submitterPublisher: typeof pubsub.TopicIAMMember;
  predictorAccount: typeof serviceaccount.Account;
  predictorReader: typeof storage.BucketIAMMember;
  predictor: typeof cloudrunv2.Service;
  alertEmail: typeof monitoring.NotificationChannel;
  dashboard: typeof monitoring.Dashboard;
  budget: typeof billing.Budget;
  network: typeof compute.Network;
  subnet: typeof compute.Subnetwork;
}

/** Every child of which there may be several. */
interface Several {
  api: typeof projects.Service;
  keyAgent: typeof projects.ServiceIdentity;
  keyUser: typeof kms.CryptoKeyIAMMember;
  submitter: typeof serviceaccount.IAMMember;
  caller: typeof cloudrunv2.ServiceIamMember;
  schedule: typeof cloudscheduler.Job;
  alarm: typeof monitoring.AlertPolicy;
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
