import type * as budgets from "@pulumi/aws/budgets/index.js";
import type * as cloudwatch from "@pulumi/aws/cloudwatch/index.js";
import type * as ec2 from "@pulumi/aws/ec2/index.js";
import type * as ecr from "@pulumi/aws/ecr/index.js";
import type * as iam from "@pulumi/aws/iam/index.js";
import type * as lambda from "@pulumi/aws/lambda/index.js";
import type * as s3 from "@pulumi/aws/s3/index.js";
import type * as scheduler from "@pulumi/aws/scheduler/index.js";
import type * as sns from "@pulumi/aws/sns/index.js";
import type * as sqs from "@pulumi/aws/sqs/index.js";
import type { Image } from "@pulumi/docker-build";
import { type NameRule, unnamed } from "../naming.ts";
import type { Nodes, Transform } from "../scope.ts";

/** Every child of a pipeline on AWS that there is once. */
interface Single {
  bucket: typeof s3.Bucket;
  bucketOwnership: typeof s3.BucketOwnershipControls;
  publicAccessBlock: typeof s3.BucketPublicAccessBlock;
  versioning: typeof s3.BucketVersioning;
  encryption: typeof s3.BucketServerSideEncryptionConfiguration;
  lifecycle: typeof s3.BucketLifecycleConfiguration;
  bucketPolicy: typeof s3.BucketPolicy;
  newData: typeof s3.BucketNotification;
  queue: typeof sqs.Queue;
  queuePolicy: typeof sqs.QueuePolicy;
  deadLetters: typeof sqs.Queue;
  deadLetterPolicy: typeof sqs.QueuePolicy;
  redriveAllow: typeof sqs.RedriveAllowPolicy;
  registry: typeof ecr.Repository;
  registryCleanup: typeof ecr.LifecyclePolicy;
  image: typeof Image;
  logGroup: typeof cloudwatch.LogGroup;
  workerRole: typeof iam.Role;
  workerPolicy: typeof iam.RolePolicy;
  worker: typeof lambda.Function;
  recursion: typeof lambda.FunctionRecursionConfig;
  alias: typeof lambda.Alias;
  trigger: typeof lambda.EventSourceMapping;
  warm: typeof lambda.ProvisionedConcurrencyConfig;
  submitterPolicy: typeof iam.Policy;
  submitterRole: typeof iam.Role;
  submitterAttachment: typeof iam.RolePolicyAttachment;
  predictorRole: typeof iam.Role;
  predictorPolicy: typeof iam.RolePolicy;
  predictor: typeof lambda.Function;
  endpoint: typeof lambda.FunctionUrl;
  scheduleRole: typeof iam.Role;
  schedulePolicy: typeof iam.RolePolicy;
  alerts: typeof sns.Topic;
  alertsPolicy: typeof sns.TopicPolicy;
  alertEmail: typeof sns.TopicSubscription;
  dashboard: typeof cloudwatch.Dashboard;
  budget: typeof budgets.Budget;
  vpc: typeof ec2.Vpc;
  routeTable: typeof ec2.RouteTable;
  securityGroup: typeof ec2.SecurityGroup;
  s3Endpoint: typeof ec2.VpcEndpoint;
  sqsEndpoint: typeof ec2.VpcEndpoint;
}

/** Every child of which there may be several. */
interface Several {
  alarm: typeof cloudwatch.MetricAlarm;
  caller: typeof lambda.Permission;
  schedule: typeof scheduler.Schedule;
  subnet: typeof ec2.Subnet;
  route: typeof ec2.RouteTableAssociation;
}

/** The children of a pipeline on AWS. What an option leaves out is undefined. */
export type AwsNodes = Nodes<Single, Several>;

/** For `transform`: arguments to lay over a child's own. */
export type AwsTransform = Transform<Single & Several>;

const named = (maximum: number): NameRule => ({ maximum, separator: "-", suffix: 8 });

/** The longest name of each child that Pulumi's AWS provider names itself, as `name-1a2b3c4`. */
export const nameRules: Readonly<Record<keyof AwsTransform, NameRule>> = {
  bucket: named(63),
  bucketOwnership: unnamed,
  publicAccessBlock: unnamed,
  versioning: unnamed,
  encryption: unnamed,
  lifecycle: unnamed,
  bucketPolicy: unnamed,
  newData: unnamed,
  queue: named(80),
  queuePolicy: unnamed,
  deadLetters: named(80),
  deadLetterPolicy: unnamed,
  redriveAllow: unnamed,
  registry: named(256),
  registryCleanup: unnamed,
  image: unnamed,
  logGroup: named(512),
  workerRole: named(64),
  workerPolicy: named(128),
  worker: named(64),
  recursion: unnamed,
  alias: unnamed,
  trigger: unnamed,
  warm: unnamed,
  submitterPolicy: named(128),
  submitterRole: named(64),
  submitterAttachment: unnamed,
  predictorRole: named(64),
  predictorPolicy: named(128),
  predictor: named(64),
  endpoint: unnamed,
  scheduleRole: named(64),
  schedulePolicy: named(128),
  schedule: named(64),
  alerts: named(256),
  alertsPolicy: unnamed,
  alertEmail: unnamed,
  alarm: named(255),
  dashboard: unnamed,
  budget: named(100),
  caller: named(100),
  vpc: unnamed,
  subnet: unnamed,
  routeTable: unnamed,
  route: unnamed,
  securityGroup: named(255),
  s3Endpoint: unnamed,
  sqsEndpoint: unnamed,
};
