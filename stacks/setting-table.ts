import type { AwsTrainingPipelineArgs } from "../components/aws/index.ts";
import type { AzureTrainingPipelineArgs } from "../components/azure/index.ts";
import type { GcpTrainingPipelineArgs } from "../components/gcp/index.ts";
import type { Cloud } from "../components/limits.ts";

/** Values that are right, by the path of the argument: `list[]` is an item of a list, `table.key` an entry of a table. */
type Examples = Readonly<Record<string, string>>;

const everywhere: Examples = {
  memoryMib: "2048",
  taskTimeoutSeconds: "540",
  maxConcurrency: "10",
  warmInstances: "0",
  maxAttempts: "20",
  roundRetentionDays: "30",
  logRetentionDays: "30",
  removalPolicy: "empty",
  alertEmail: "you@example.org",
  monthlyBudgetDollars: "50",
  "schedules[].name": "nightly",
  "schedules[].cron": "0 3 * * *",
  "schedules[].job": "sentiment",
  onNewData: "true",
  predict: "true",
  "tags.team": "learning",
  "registry.skip": "true",
  "logs.skip": "true",
  "network.create": "true",
};
const digest = `sha256:${"0123456789abcdef".repeat(4)}`;
const azureId = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/mine/providers/Microsoft.";

/**
 * Every setting of each cloud's stack, as an example: the arguments of the components, which say what they do, their
 * ranges and defaults (components/pipeline.ts). A number or a flag is one because its example is.
 */
export const examples: Readonly<Record<Cloud, Examples>> = {
  aws: {
    ...everywhere,
    image: `123456789012.dkr.ecr.us-east-1.amazonaws.com/worker@${digest}`,
    "submitters[]": "arn:aws:iam::123456789012:user/ada",
    "predictCallers[]": "arn:aws:iam::123456789012:role/site",
    encryptionKey: "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000",
    "bucket.existing": "my-bucket",
    "registry.existing": "123456789012.dkr.ecr.us-east-1.amazonaws.com/worker",
    "logs.existing": "/my/logs",
    "network.existingSubnets[]": "subnet-1",
    "network.existingSecurityGroups[]": "sg-1",
  },
  gcp: {
    ...everywhere,
    image: `us-central1-docker.pkg.dev/my-project/mine/worker@${digest}`,
    "submitters[]": "user:ada@example.org",
    "predictCallers[]": "serviceAccount:site@my-project.iam.gserviceaccount.com",
    encryptionKey: "projects/my-project/locations/us-central1/keyRings/ring/cryptoKeys/key",
    "bucket.existing": "my-bucket",
    "registry.existing": "us-central1-docker.pkg.dev/my-project/mine/worker",
    "logs.existing": "projects/my-project/locations/global/buckets/mine",
    "network.existingSubnets[]": "projects/my-project/regions/us-central1/subnetworks/mine",
    billingAccount: "012345-6789AB-CDEF01",
    enableApis: "true",
    gpu: "false",
  },
  azure: {
    ...everywhere,
    image: `mine.azurecr.io/worker@${digest}`,
    "submitters[]": "11111111-1111-1111-1111-111111111111",
    "predictCallers[]": "33333333-3333-3333-3333-333333333333",
    encryptionKey: "https://my-vault.vault.azure.net/keys/my-key",
    encryptionIdentity: `${azureId}ManagedIdentity/userAssignedIdentities/key-user`,
    "bucket.existing": `${azureId}Storage/storageAccounts/myaccount`,
    "registry.existing": `${azureId}ContainerRegistry/registries/myregistry`,
    "logs.existing": `${azureId}OperationalInsights/workspaces/mine`,
    "network.existingSubnets[]": `${azureId}Network/virtualNetworks/mine/subnets/mine`,
    resourceGroupName: "mine",
    host: "job",
    budgetStartsOn: "2027-01-01",
    predictClientId: "22222222-2222-2222-2222-222222222222",
    gpu: "false",
  },
};

/** The arguments that are not under `trivet:`, since the cloud's own provider reads the same key. */
export const providerKeys: Readonly<Record<Cloud, Readonly<Record<string, { key: string; example: string }>>>> = {
  aws: {},
  gcp: { location: { key: "gcp:region", example: "us-central1" } },
  azure: { location: { key: "azure-native:location", example: "westus3" } },
};

/** The arguments of each cloud's pipeline. */
export interface PipelineArgs {
  readonly aws: AwsTrainingPipelineArgs;
  readonly gcp: GcpTrainingPipelineArgs;
  readonly azure: AzureTrainingPipelineArgs;
}
