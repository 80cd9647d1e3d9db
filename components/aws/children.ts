import type { Budget } from "@pulumi/aws/budgets/budget.js";
import type { Dashboard } from "@pulumi/aws/cloudwatch/dashboard.js";
import type { LogGroup } from "@pulumi/aws/cloudwatch/logGroup.js";
import type { MetricAlarm } from "@pulumi/aws/cloudwatch/metricAlarm.js";
import type { RouteTable } from "@pulumi/aws/ec2/routeTable.js";
import type { RouteTableAssociation } from "@pulumi/aws/ec2/routeTableAssociation.js";
import type { SecurityGroup } from "@pulumi/aws/ec2/securityGroup.js";
import type { Subnet } from "@pulumi/aws/ec2/subnet.js";
import type { Vpc } from "@pulumi/aws/ec2/vpc.js";
import type { VpcEndpoint } from "@pulumi/aws/ec2/vpcEndpoint.js";
import type { LifecyclePolicy } from "@pulumi/aws/ecr/lifecyclePolicy.js";
import type { Repository } from "@pulumi/aws/ecr/repository.js";
import type { Policy } from "@pulumi/aws/iam/policy.js";
import type { Role } from "@pulumi/aws/iam/role.js";
import type { RolePolicy } from "@pulumi/aws/iam/rolePolicy.js";
import type { RolePolicyAttachment } from "@pulumi/aws/iam/rolePolicyAttachment.js";
import type { Alias } from "@pulumi/aws/lambda/alias.js";
import type { EventSourceMapping } from "@pulumi/aws/lambda/eventSourceMapping.js";
import type { Function as LambdaFunction } from "@pulumi/aws/lambda/function.js";
import type { FunctionRecursionConfig } from "@pulumi/aws/lambda/functionRecursionConfig.js";
import type { FunctionUrl } from "@pulumi/aws/lambda/functionUrl.js";
import type { Permission } from "@pulumi/aws/lambda/permission.js";
import type { ProvisionedConcurrencyConfig } from "@pulumi/aws/lambda/provisionedConcurrencyConfig.js";
import type { Bucket } from "@pulumi/aws/s3/bucket.js";
import type { BucketLifecycleConfiguration } from "@pulumi/aws/s3/bucketLifecycleConfiguration.js";
import type { BucketNotification } from "@pulumi/aws/s3/bucketNotification.js";
import type { BucketOwnershipControls } from "@pulumi/aws/s3/bucketOwnershipControls.js";
import type { BucketPolicy } from "@pulumi/aws/s3/bucketPolicy.js";
import type { BucketPublicAccessBlock } from "@pulumi/aws/s3/bucketPublicAccessBlock.js";
import type { BucketServerSideEncryptionConfiguration } from "@pulumi/aws/s3/bucketServerSideEncryptionConfiguration.js";
import type { BucketVersioning } from "@pulumi/aws/s3/bucketVersioning.js";
import type { Schedule } from "@pulumi/aws/scheduler/schedule.js";
import type { Topic } from "@pulumi/aws/sns/topic.js";
import type { TopicPolicy } from "@pulumi/aws/sns/topicPolicy.js";
import type { TopicSubscription } from "@pulumi/aws/sns/topicSubscription.js";
import type { Queue } from "@pulumi/aws/sqs/queue.js";
import type { QueuePolicy } from "@pulumi/aws/sqs/queuePolicy.js";
import type { RedriveAllowPolicy } from "@pulumi/aws/sqs/redriveAllowPolicy.js";
import type { Image } from "@pulumi/docker-build";
import { type NameRule, unnamed } from "../naming.ts";
import type { Nodes, Transform } from "../scope.ts";

/** Every child of a pipeline on AWS that there is once. */
interface Single {
  bucket: typeof Bucket;
  bucketOwnership: typeof BucketOwnershipControls;
  publicAccessBlock: typeof BucketPublicAccessBlock;
  versioning: typeof BucketVersioning;
  encryption: typeof BucketServerSideEncryptionConfiguration;
  lifecycle: typeof BucketLifecycleConfiguration;
  bucketPolicy: typeof BucketPolicy;
  newData: typeof BucketNotification;
  queue: typeof Queue;
  queuePolicy: typeof QueuePolicy;
  deadLetters: typeof Queue;
  deadLetterPolicy: typeof QueuePolicy;
  redriveAllow: typeof RedriveAllowPolicy;
  registry: typeof Repository;
  registryCleanup: typeof LifecyclePolicy;
  image: typeof Image;
  logGroup: typeof LogGroup;
  workerRole: typeof Role;
  workerPolicy: typeof RolePolicy;
  worker: typeof LambdaFunction;
  recursion: typeof FunctionRecursionConfig;
  alias: typeof Alias;
  trigger: typeof EventSourceMapping;
  warm: typeof ProvisionedConcurrencyConfig;
  submitterPolicy: typeof Policy;
  submitterRole: typeof Role;
  submitterAttachment: typeof RolePolicyAttachment;
  predictorRole: typeof Role;
  predictorPolicy: typeof RolePolicy;
  predictor: typeof LambdaFunction;
  endpoint: typeof FunctionUrl;
  scheduleRole: typeof Role;
  schedulePolicy: typeof RolePolicy;
  alerts: typeof Topic;
  alertsPolicy: typeof TopicPolicy;
  alertEmail: typeof TopicSubscription;
  dashboard: typeof Dashboard;
  budget: typeof Budget;
  vpc: typeof Vpc;
  routeTable: typeof RouteTable;
  securityGroup: typeof SecurityGroup;
  s3Endpoint: typeof VpcEndpoint;
  sqsEndpoint: typeof VpcEndpoint;
}

/** Every child of which there may be several. */
interface Several {
  alarm: typeof MetricAlarm;
  caller: typeof Permission;
  schedule: typeof Schedule;
  subnet: typeof Subnet;
  route: typeof RouteTableAssociation;
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
