import type * as pulumi from "@pulumi/pulumi";
import { nameRules as awsNames } from "../../components/aws/children.ts";
import { AwsTrainingPipeline } from "../../components/aws/index.ts";
import { nameRules as azureNames } from "../../components/azure/children.ts";
import { AzureTrainingPipeline, type AzureTrainingPipelineArgs } from "../../components/azure/index.ts";
import { nameRules as gcpNames } from "../../components/gcp/children.ts";
import { GcpTrainingPipeline, type GcpTrainingPipelineArgs } from "../../components/gcp/index.ts";
import type { Cloud } from "../../components/limits.ts";
import type { NameRule } from "../../components/naming.ts";
import type { TrainingPipelineArgs, TrainingPipelineOutputs } from "../../components/pipeline.ts";
import { type MockOptions, type ProgramRun, type RegisteredResource, runProgram } from "../../components/testing.ts";

/** What the suites need to know of a cloud to hold its pipeline to the same promises as the others. */
export interface CloudUnderTest {
  readonly cloud: Cloud;
  readonly title: string;
  readonly className: string;
  readonly nameRules: Readonly<Record<string, NameRule>>;
  /** An image by digest, as that cloud's registry would name it. */
  readonly image: string;
  /** What this cloud cannot do without. */
  readonly required: Record<string, unknown>;
  /** Everything at once. */
  readonly full: TrainingPipelineArgs & Record<string, unknown>;
  /** Other choices that make other resources, by the name in the table of resource counts. */
  readonly options: Readonly<Record<string, TrainingPipelineArgs & Record<string, unknown>>>;
  make(name: string, args: TrainingPipelineArgs, opts?: pulumi.ComponentResourceOptions): Pipeline;
}

export type Pipeline = pulumi.ComponentResource & TrainingPipelineOutputs & { readonly nodes: object };

const digest = `sha256:${"0123456789abcdef".repeat(4)}`;

const shared = {
  alertEmail: "ops@example.org",
  monthlyBudgetDollars: 50,
  schedules: [
    { name: "nightly", cron: "0 3 * * 1-5", job: "sentiment" },
    { name: "monthly", cron: "*/20 0 1 * *", job: "vision" },
  ],
  onNewData: true,
  predict: true,
  network: { create: true },
  tags: { team: "learning", "cost-centre": "42" },
} satisfies TrainingPipelineArgs;

const aws: CloudUnderTest = {
  cloud: "aws",
  title: "AWS",
  className: "AwsTrainingPipeline",
  nameRules: awsNames,
  image: `123456789012.dkr.ecr.us-east-1.amazonaws.com/worker@${digest}`,
  required: {},
  full: {
    ...shared,
    warmInstances: 1,
    submitters: ["arn:aws:iam::123456789012:user/ada"],
    predictCallers: ["arn:aws:iam::123456789012:role/site"],
    encryptionKey: "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000",
  },
  options: {
    "adopted bucket": { bucket: { existing: "my-bucket" } },
    "adopted registry": { registry: { existing: "123456789012.dkr.ecr.us-east-1.amazonaws.com/mine" } },
    "no registry": { registry: { skip: true } },
    "adopted logs": { logs: { existing: "/my/logs" } },
    "no logs": { logs: { skip: true } },
    "adopted network": { network: { existingSubnets: ["subnet-1"], existingSecurityGroups: ["sg-1"] } },
    build: { build: { context: "worker-runtime" }, image: undefined },
  },
  make: (name, args, opts) => new AwsTrainingPipeline(name, args, opts),
};

const gcp: CloudUnderTest = {
  cloud: "gcp",
  title: "Google Cloud",
  className: "GcpTrainingPipeline",
  nameRules: gcpNames,
  image: `us-central1-docker.pkg.dev/my-project/mine/worker@${digest}`,
  required: { location: "us-central1" },
  full: {
    ...shared,
    location: "us-central1",
    warmInstances: 1,
    billingAccount: "012345-6789AB-CDEF01",
    submitters: ["user:ada@example.org"],
    predictCallers: ["serviceAccount:site@my-project.iam.gserviceaccount.com"],
    encryptionKey: "projects/my-project/locations/us-central1/keyRings/ring/cryptoKeys/key",
  },
  options: {
    "adopted bucket": { bucket: { existing: "my-bucket" } },
    "adopted registry": { registry: { existing: "us-central1-docker.pkg.dev/my-project/mine/worker" } },
    "no registry": { registry: { skip: true } },
    "adopted logs": { logs: { existing: "projects/my-project/locations/global/buckets/mine" } },
    "no logs": { logs: { skip: true } },
    "adopted network": { network: { existingSubnets: ["projects/my-project/regions/us-central1/subnetworks/mine"] } },
    "APIs are on": { enableApis: false },
    build: { build: { context: "worker-runtime" }, image: undefined },
    gpu: { gpu: true, memoryMib: 16_384 },
  },
  make: (name, args, opts) => new GcpTrainingPipeline(name, args as GcpTrainingPipelineArgs, opts),
};

const group = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/mine/providers";

const azure: CloudUnderTest = {
  cloud: "azure",
  title: "Azure",
  className: "AzureTrainingPipeline",
  nameRules: azureNames,
  image: `mine.azurecr.io/worker@${digest}`,
  required: { location: "westus3" },
  full: {
    ...shared,
    location: "westus3",
    budgetStartsOn: "2027-01-01",
    submitters: ["11111111-1111-1111-1111-111111111111"],
    predictClientId: "22222222-2222-2222-2222-222222222222",
    predictCallers: ["33333333-3333-3333-3333-333333333333"],
    encryptionKey: "https://my-vault.vault.azure.net/keys/my-key",
    encryptionIdentity: `${group}/Microsoft.ManagedIdentity/userAssignedIdentities/key-user`,
  },
  options: {
    "functions host": { host: "functions", warmInstances: 1 },
    "adopted bucket": { bucket: { existing: `${group}/Microsoft.Storage/storageAccounts/myaccount` } },
    "adopted registry": { registry: { existing: `${group}/Microsoft.ContainerRegistry/registries/myregistry` } },
    "no registry": { registry: { skip: true } },
    "adopted logs": { logs: { existing: `${group}/Microsoft.OperationalInsights/workspaces/mine` } },
    "no logs": { logs: { skip: true } },
    "adopted network": {
      network: { existingSubnets: [`${group}/Microsoft.Network/virtualNetworks/mine/subnets/mine`] },
    },
    "adopted resource group": { resourceGroupName: "mine" },
    build: { build: { context: "worker-runtime" }, image: undefined },
    gpu: { gpu: true },
  },
  make: (name, args, opts) => new AzureTrainingPipeline(name, args as AzureTrainingPipelineArgs, opts),
};

export const cloudsUnderTest: readonly CloudUnderTest[] = [aws, gcp, azure];

/** The arguments of a cloud's smallest pipeline, with others laid over them. */
export const argsOf = (
  under: CloudUnderTest,
  more: TrainingPipelineArgs & Record<string, unknown> = {},
): TrainingPipelineArgs => ({
  ...{ image: under.image, ...under.required },
  ...more,
});

/** Registers one pipeline under mocks. */
export function register(
  under: CloudUnderTest,
  more: TrainingPipelineArgs & Record<string, unknown> = {},
  options: MockOptions & { name?: string; opts?: pulumi.ComponentResourceOptions } = {},
): Promise<ProgramRun<Pipeline>> {
  return runProgram(() => under.make(options.name ?? "pipe", argsOf(under, more), options.opts), options);
}

/** The one resource of that name, without the pipeline's own before it. */
export function child(resources: readonly RegisteredResource[], name: string, pipeline = "pipe"): RegisteredResource {
  const found = resources.filter((resource) => resource.name === `${pipeline}-${name}`);
  if (found.length !== 1)
    throw new Error(
      `${found.length} resources are called ${pipeline}-${name}: ${resources.map((r) => r.name).join(", ")}`,
    );
  return found[0]!;
}

export const ofType = (resources: readonly RegisteredResource[], type: string) =>
  resources.filter((resource) => resource.type.endsWith(`:${type}`));

/** The value of an output, once the program has run. */
export function known<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => output.apply(resolve));
}
