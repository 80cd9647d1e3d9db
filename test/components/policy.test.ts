import { expect } from "chai";
import { before, describe, it } from "mocha";
import {
  actionsWithoutResource,
  allowedRoles,
  brokenRules,
  type Resource,
  resourceRules,
  stackRules,
} from "../../components/policy/index.ts";
import { policies } from "../../components/policy/policies.ts";
import { taggableTypes } from "../../components/policy/taggable.ts";
import { cloudsUnderTest, register } from "./support.ts";

/** What a person might change by hand, and the rule that must notice it. */
const mistakes: readonly [rule: string, type: string, change: (inputs: Record<string, never>) => object][] = [
  [
    "private-by-default",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    () => ({ blockPublicPolicy: false }),
  ],
  [
    "private-by-default",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    () => ({ rule: { objectOwnership: "ObjectWriter" } }),
  ],
  ["private-by-default", "aws:lambda/functionUrl:FunctionUrl", () => ({ authorizationType: "NONE" })],
  ["private-by-default", "aws:lambda/permission:Permission", () => ({ principal: "*" })],
  ["private-by-default", "aws:ec2/subnet:Subnet", () => ({ mapPublicIpOnLaunch: true })],
  ["private-by-default", "gcp:storage/bucket:Bucket", () => ({ publicAccessPrevention: "inherited" })],
  ["private-by-default", "gcp:storage/bucket:Bucket", () => ({ uniformBucketLevelAccess: false })],
  ["private-by-default", "gcp:cloudrunv2/service:Service", () => ({ invokerIamDisabled: true })],
  ["private-by-default", "azure-native:storage:StorageAccount", () => ({ allowBlobPublicAccess: true })],
  ["private-by-default", "azure-native:storage:StorageAccount", () => ({ allowSharedKeyAccess: undefined })],
  ["private-by-default", "azure-native:storage:BlobContainer", () => ({ publicAccess: "Blob" })],
  ["private-by-default", "azure-native:containerregistry:Registry", () => ({ adminUserEnabled: true })],
  [
    "private-by-default",
    "azure-native:app:ContainerAppsAuthConfig",
    () => ({ globalValidation: { unauthenticatedClientAction: "AllowAnonymous" } }),
  ],
  ["encrypted", "aws:sqs/queue:Queue", () => ({ sqsManagedSseEnabled: false, kmsMasterKeyId: undefined })],
  ["encrypted", "aws:s3/bucketPolicy:BucketPolicy", () => ({ policy: '{"Statement":[]}' })],
  ["encrypted", "aws:sqs/queuePolicy:QueuePolicy", () => ({ policy: '{"Statement":[]}' })],
  ["encrypted", "aws:ecr/repository:Repository", () => ({ encryptionConfigurations: [] })],
  ["encrypted", "azure-native:storage:StorageAccount", () => ({ minimumTlsVersion: "TLS1_0" })],
  ["encrypted", "azure-native:storage:StorageAccount", () => ({ enableHttpsTrafficOnly: false })],
  ["image-by-digest", "aws:lambda/function:Function", () => ({ imageUri: "worker:latest" })],
  [
    "image-by-digest",
    "gcp:cloudrunv2/service:Service",
    () => ({ template: { containers: [{ image: "worker:latest" }], maxInstanceRequestConcurrency: 1, timeout: "1s" } }),
  ],
  ["image-by-digest", "azure-native:app:Job", () => ({ template: { containers: [{ image: "worker:latest" }] } })],
  ["kept-for-a-time", "aws:cloudwatch/logGroup:LogGroup", () => ({ retentionInDays: undefined })],
  [
    "kept-for-a-time",
    "aws:s3/bucketVersioning:BucketVersioning",
    () => ({ versioningConfiguration: { status: "Suspended" } }),
  ],
  ["kept-for-a-time", "gcp:pubsub/subscription:Subscription", () => ({ expirationPolicy: undefined })],
  ["kept-for-a-time", "azure-native:storage:BlobServiceProperties", () => ({ isVersioningEnabled: false })],
  ["kept-for-a-time", "azure-native:operationalinsights:Workspace", () => ({ retentionInDays: undefined })],
  ["tagged", "aws:sqs/queue:Queue", () => ({ tags: { team: "x" } })],
  ["tagged", "gcp:pubsub/topic:Topic", () => ({ labels: undefined })],
  ["tagged", "azure-native:app:ManagedEnvironment", () => ({ tags: {} })],
  [
    "least-privilege",
    "aws:iam/rolePolicy:RolePolicy",
    () => ({ policy: statement({ Action: "s3:*", Resource: "arn:aws:s3:::b" }) }),
  ],
  [
    "least-privilege",
    "aws:iam/rolePolicy:RolePolicy",
    () => ({ policy: statement({ Action: "s3:Get*", Resource: "arn:aws:s3:::b" }) }),
  ],
  [
    "least-privilege",
    "aws:iam/rolePolicy:RolePolicy",
    () => ({ policy: statement({ Action: "sqs:SendMessage", Resource: "*" }) }),
  ],
  [
    "least-privilege",
    "aws:iam/rolePolicy:RolePolicy",
    () => ({ policy: statement({ NotAction: "iam:PassRole", Resource: "arn:aws:s3:::b" }) }),
  ],
  [
    "least-privilege",
    "aws:iam/role:Role",
    () => ({ assumeRolePolicy: statement({ Action: "sts:AssumeRole", Principal: { AWS: "*" } }) }),
  ],
  ["least-privilege", "gcp:storage/bucketIAMMember:BucketIAMMember", () => ({ member: "allUsers" })],
  ["least-privilege", "gcp:storage/bucketIAMMember:BucketIAMMember", () => ({ role: "roles/storage.admin" })],
  [
    "least-privilege",
    "azure-native:authorization:RoleAssignment",
    () => ({ roleDefinitionId: "/x/8e3af657-a8ff-443c-a75c-2fe8c4bcb635" }),
  ],
  [
    "least-privilege",
    "azure-native:authorization:RoleAssignment",
    () => ({ scope: "/subscriptions/00000000-0000-0000-0000-000000000000" }),
  ],
  ["least-privilege", "azure-native:authorization:RoleAssignment", () => ({ principalType: undefined })],
  ["hidden-longer-than-a-task", "aws:sqs/queue:Queue", () => ({ visibilityTimeoutSeconds: 600 })],
  ["hidden-longer-than-a-task", "gcp:pubsub/subscription:Subscription", () => ({ ackDeadlineSeconds: 60 })],
  ["dead-letters", "aws:sqs/queue:Queue", () => ({ redrivePolicy: undefined })],
  ["dead-letters", "gcp:pubsub/subscription:Subscription", () => ({ deadLetterPolicy: undefined })],
  ["dead-letters", "azure-native:storage:Queue", () => ({ queueName: "tasks" })],
  ["one-task-at-a-time", "aws:lambda/eventSourceMapping:EventSourceMapping", () => ({ batchSize: 10 })],
  [
    "one-task-at-a-time",
    "gcp:cloudrunv2/service:Service",
    (inputs) => ({ template: { ...(inputs.template as object), maxInstanceRequestConcurrency: 80 } }),
  ],
];

const statement = (parts: object) => JSON.stringify({ Statement: [{ Effect: "Allow", ...parts }] });

describe("The policy rules", () => {
  let all: Resource[];
  before(async () => {
    all = [];
    for (const under of cloudsUnderTest) all.push(...(await register(under, under.full)).resources);
  });

  for (const [rule, type, change] of mistakes)
    it(`${rule} finds ${type.split(":").at(-1)} with ${JSON.stringify(change({ template: {} as never })).slice(0, 70)}`, () => {
      const changed = all.map((resource) =>
        resource.type === type
          ? { ...resource, inputs: { ...resource.inputs, ...change(resource.inputs as never) } }
          : resource,
      );
      const broken = brokenRules(changed);
      expect(broken).not.to.have.length(0);
      for (const line of broken) expect(line).to.include(`(${rule})`);
    });

  it("are each broken by some mistake above", () => {
    const rules = [...resourceRules, ...stackRules].map(({ name }) => name);
    expect(new Set(mistakes.map(([rule]) => rule))).to.deep.equal(new Set(rules));
  });

  it("allow no role and no wildcard that is not needed", async () => {
    const used = new Set<string>();
    for (const under of cloudsUnderTest)
      for (const args of [under.full, ...Object.values(under.options)])
        for (const { inputs } of (await register(under, args)).resources) {
          if (inputs.role) used.add(inputs.role as string);
          if (inputs.roleDefinitionId) used.add(String(inputs.roleDefinitionId).split("/").at(-1)!);
          if (typeof inputs.policy === "string")
            for (const { Resource, Action } of JSON.parse(inputs.policy).Statement ?? [])
              if ([Resource].flat().includes("*")) for (const action of [Action].flat()) used.add(action);
        }
    for (const needed of [...Object.keys(allowedRoles), ...Object.keys(actionsWithoutResource)])
      expect(used.has(needed), needed).to.equal(true);
  });

  it("know every type of ours that can carry tags, by the providers' own types", async () => {
    const taggable = new Set<string>();
    const { typeProblems } = await import("./provider-types.ts");
    const types = [...new Set(all.map(({ type }) => type))].filter((type) => !/^(trivet|docker-build):/.test(type));
    // A type that can carry tags does not find the property unknown.
    const probes = types.flatMap((type) =>
      ["tags", "labels", "userLabels"].map((property) => ({ type, name: property, inputs: { [property]: {} } })),
    );
    const unknown = typeProblems(probes as never[]).filter((line) => line.includes("not known to the provider"));
    for (const { type, name } of probes)
      if (!unknown.some((line) => line.startsWith(`${name} (${type})`))) taggable.add(type);
    const without = [...taggable].filter((type) => !taggableTypes.includes(type)).sort();
    expect(without).to.deep.equal(["azure-native:eventgrid:SystemTopicEventSubscription"]); // Its labels are a list of words.
  }).timeout(120_000);
});

describe("The policy pack", () => {
  it("reports what breaks a promise, and only inside a pipeline", () => {
    const reports = (urn: string) => {
      const found: string[] = [];
      for (const policy of policies)
        if ("validateResource" in policy) {
          const props = { blockPublicAcls: false };
          const args = { type: "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", name: "b", props, urn };
          (policy.validateResource as (args: object, report: (words: string) => void) => void)(args, (words) =>
            found.push(`${policy.name}: ${words}`),
          );
        }
      return found;
    };
    const type = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock::b";
    expect(reports(`urn:pulumi:s::p::trivet:index:AwsTrainingPipeline$${type}`)).to.deep.equal([
      "private-by-default: b must block public access in all four ways",
    ]);
    expect(reports(`urn:pulumi:s::p::${type}`)).to.deep.equal([]);
  });

  it("looks at all resources of a stack together where a promise needs it", () => {
    const found: string[] = [];
    const queue = {
      type: "aws:sqs/queue:Queue",
      name: "q",
      props: { redrivePolicy: "{}", visibilityTimeoutSeconds: 30 },
    };
    const worker = { type: "aws:lambda/function:Function", name: "f", props: { timeout: 600 } };
    const urn = "urn:pulumi:s::p::trivet:index:AwsTrainingPipeline$x::y";
    for (const policy of policies)
      if ("validateStack" in policy)
        (policy.validateStack as (args: object, report: (words: string) => void) => void)(
          { resources: [queue, worker].map((resource) => ({ ...resource, urn })) },
          (words) => found.push(words),
        );
    expect(found).to.deep.equal(["q hides a task for 30 s; 6 function timeouts are 3600 s"]);
  });
});
