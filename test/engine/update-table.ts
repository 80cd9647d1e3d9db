import type { Cloud } from "../../components/limits.ts";
import type { CloudUnderTest } from "../components/support.ts";

/** What a change of one setting does to a pipeline that has everything, by the names of its children. */
export interface Update {
  readonly setting: string;
  readonly value: unknown;
  /** Changed in place. */
  readonly updated: readonly string[];
  /** Made anew, since the cloud cannot change it. */
  readonly replaced?: readonly string[];
}

const monthly = { name: "month", cron: "*/20 0 1 * *", job: "vision" };
const nightlyAt = (hour: number) => ({ name: "night", cron: `0 ${hour} * * 1-5`, job: "sentiment" });

/** The arguments of a pipeline before the change: everything at once. Names as short as Azure's jobs have them. */
export const everything = (under: CloudUnderTest) => ({ ...under.full, schedules: [nightlyAt(3), monthly] });
const digest = `sha256:${"f".repeat(64)}`;

export const updates: Readonly<Record<Cloud, readonly Update[]>> = {
  aws: [
    {
      setting: "image",
      value: `123456789012.dkr.ecr.us-east-1.amazonaws.com/worker@${digest}`,
      updated: ["worker", "predictor"],
    },
    { setting: "memoryMib", value: 4096, updated: ["worker", "predictor"] },
    { setting: "taskTimeoutSeconds", value: 300, updated: ["worker", "predictor", "queue"] },
    { setting: "maxConcurrency", value: 20, updated: ["trigger"] },
    { setting: "warmInstances", value: 2, updated: ["warm"] },
    { setting: "maxAttempts", value: 10, updated: ["queue"] },
    { setting: "roundRetentionDays", value: 60, updated: ["lifecycle"] },
    { setting: "logRetentionDays", value: 60, updated: ["log-group"] },
    { setting: "monthlyBudgetDollars", value: 99, updated: ["budget"] },
    { setting: "schedules", value: [nightlyAt(4), monthly], updated: ["schedule-night"] },
    { setting: "removalPolicy", value: "destroy", updated: ["bucket", "registry"] },
    { setting: "submitters", value: ["arn:aws:iam::123456789012:user/bob"], updated: ["submitter-role"] },
    { setting: "alertEmail", value: "new@example.org", updated: ["budget"], replaced: ["alert-email"] },
    {
      setting: "predictCallers",
      value: ["arn:aws:iam::123456789012:role/page"],
      updated: [],
      replaced: ["caller-url-0", "caller-invoke-0"],
    },
    {
      setting: "encryptionKey",
      value: "arn:aws:kms:us-east-1:123456789012:key/11111111-0000-0000-0000-000000000000",
      updated: [
        ...["alerts", "log-group", "queue", "dead-letters", "encryption"],
        ...["worker-policy", "predictor-policy", "schedule-policy", "submitter-policy"],
      ],
      replaced: ["registry"],
    },
  ],
  gcp: [
    {
      setting: "image",
      value: `us-central1-docker.pkg.dev/my-project/mine/worker@${digest}`,
      updated: ["worker", "predictor"],
    },
    { setting: "memoryMib", value: 4096, updated: ["worker", "predictor"] },
    { setting: "taskTimeoutSeconds", value: 300, updated: ["worker", "predictor"] },
    { setting: "maxConcurrency", value: 20, updated: ["worker", "predictor"] },
    { setting: "warmInstances", value: 2, updated: ["worker"] },
    { setting: "maxAttempts", value: 10, updated: ["trigger"] },
    { setting: "roundRetentionDays", value: 60, updated: ["bucket"] },
    { setting: "logRetentionDays", value: 60, updated: ["log-bucket"] },
    { setting: "monthlyBudgetDollars", value: 99, updated: ["budget"] },
    { setting: "schedules", value: [nightlyAt(4), monthly], updated: ["schedule-night"] },
    { setting: "removalPolicy", value: "destroy", updated: ["bucket"] },
    { setting: "alertEmail", value: "new@example.org", updated: ["alert-email"] },
    { setting: "submitters", value: ["user:bob@example.org"], updated: [], replaced: ["submitter-0"] },
    { setting: "predictCallers", value: ["user:bob@example.org"], updated: [], replaced: ["caller-0"] },
    { setting: "billingAccount", value: "112345-6789AB-CDEF01", updated: [], replaced: ["budget"] },
    {
      setting: "encryptionKey",
      value: "projects/my-project/locations/us-central1/keyRings/ring/cryptoKeys/other",
      updated: ["bucket", "queue", "dead-letters", "worker", "predictor"],
      replaced: ["registry", ...["storage", "pubsub", "artifactregistry", "run"].map((name) => `key-user-${name}`)],
    },
  ],
  azure: [
    {
      setting: "image",
      value: `mine.azurecr.io/worker@${digest}`,
      updated: ["worker", "predictor", "schedule-night", "schedule-month"],
    },
    { setting: "memoryMib", value: 4096, updated: ["worker", "predictor"] },
    {
      setting: "taskTimeoutSeconds",
      value: 300,
      updated: ["worker", "predictor", "schedule-night", "schedule-month"],
    },
    { setting: "maxConcurrency", value: 20, updated: ["worker", "predictor"] },
    { setting: "maxAttempts", value: 10, updated: ["worker"] },
    { setting: "roundRetentionDays", value: 60, updated: ["lifecycle"] },
    { setting: "logRetentionDays", value: 60, updated: ["workspace"] },
    { setting: "monthlyBudgetDollars", value: 99, updated: ["budget"] },
    { setting: "budgetStartsOn", value: "2027-02-01", updated: ["budget"] },
    { setting: "schedules", value: [nightlyAt(4), monthly], updated: ["schedule-night"] },
    { setting: "removalPolicy", value: "destroy", updated: [] },
    { setting: "alertEmail", value: "new@example.org", updated: ["alerts", "budget"] },
    {
      setting: "predictCallers",
      value: ["44444444-4444-4444-4444-444444444444"],
      updated: ["predictor-authentication"],
    },
    {
      setting: "predictClientId",
      value: "55555555-5555-5555-5555-555555555555",
      updated: ["predictor-authentication"],
    },
    {
      setting: "submitters",
      value: ["66666666-6666-6666-6666-666666666666"],
      updated: [],
      replaced: ["submitter-tasks-0", "submitter-objects-0", "submitter-dead-letters-0"],
    },
    { setting: "encryptionKey", value: "https://my-vault.vault.azure.net/keys/other", updated: ["account"] },
  ],
};

/**
 * Inputs that only a replacement can change, of the types whose inputs the settings above change: `ForceNew` in the
 * schemas of the Terraform providers that Pulumi's are made from; on Azure a role assignment cannot be given to somebody
 * else (learn.microsoft.com/azure/role-based-access-control/troubleshooting, RoleAssignmentUpdateNotPermitted).
 */
const replacing: Readonly<Record<string, readonly string[]>> = {
  "aws:cloudwatch/dashboard:Dashboard": ["dashboardName"],
  "aws:ecr/lifecyclePolicy:LifecyclePolicy": ["repository"],
  "aws:ecr/repository:Repository": ["name", "encryptionConfigurations"],
  "aws:lambda/permission:Permission": ["principal", "function", "action"],
  "aws:s3/bucket:Bucket": ["bucket"],
  "aws:sns/topicSubscription:TopicSubscription": ["endpoint", "protocol", "topic"],
  "aws:sqs/queue:Queue": ["name", "fifoQueue"],
  "azure-native:applicationinsights:Workbook": ["resourceName"],
  "azure-native:authorization:RoleAssignment": ["principalId", "roleDefinitionId", "scope"],
  "azure-native:storage:Queue": ["accountName", "queueName"],
  "azure-native:storage:StorageAccount": ["accountName", "location"],
  "gcp:artifactregistry/repository:Repository": ["repositoryId", "location", "format", "kmsKeyName"],
  "gcp:billing/budget:Budget": ["billingAccount"],
  "gcp:cloudrunv2/serviceIamMember:ServiceIamMember": ["member", "name", "role"],
  "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember": ["cryptoKeyId", "member", "role"],
  "gcp:logging/projectBucketConfig:ProjectBucketConfig": ["bucketId", "location", "project"],
  "gcp:pubsub/topic:Topic": ["name"],
  "gcp:serviceaccount/iAMMember:IAMMember": ["member", "serviceAccountId", "role"],
  "gcp:storage/bucket:Bucket": ["name", "location"],
};

export const replacedBy = (type: string): readonly string[] => replacing[type] ?? [];

/** The name of a child without its pipeline's before it. */
export const childOf = (name: string) => name.replace(/^(pipe|training)-?/, "");

/** What must never be made anew while a pipeline lives: what holds the user's data and the tasks on their way. */
export const lasting = [
  "bucket",
  "account",
  "container",
  "queue",
  "dead-letters",
  "dead-letter-subscription",
  "trigger",
];
