import { documentProblems } from "./documents.ts";
import { grantProblems } from "./grants.ts";
import { isTaggable, tagsOf } from "./taggable.ts";

/** A resource as rules see it: what a program asks for, with known values. */
export interface Resource {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** A promise of Trivet's components about each resource. `check` returns what breaks it, in words; nothing when all is well. */
export interface ResourceRule {
  readonly name: string;
  readonly description: string;
  check(resource: Resource): readonly string[];
}

/** A promise about resources together. */
export interface StackRule {
  readonly name: string;
  readonly description: string;
  check(resources: readonly Resource[]): readonly string[];
}

// biome-ignore lint/suspicious/noExplicitAny: inputs are whatever a program gave; rules read them as they come
type Inputs = any;

/** Rules by type: what the inputs must be, and the words for what they are not. */
type Expectations = Readonly<
  Record<string, readonly (readonly [broken: (inputs: Inputs) => boolean, words: string])[]>
>;

function byType(name: string, description: string, expectations: Expectations): ResourceRule {
  return {
    name,
    description,
    check: ({ type, inputs }) =>
      (expectations[type] ?? []).filter(([broken]) => broken(inputs)).map(([, words]) => words),
  };
}

const privacy = byType("private-by-default", "Nothing is open to the public.", {
  "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": [
    [
      (b) => !(b.blockPublicAcls && b.blockPublicPolicy && b.ignorePublicAcls && b.restrictPublicBuckets),
      "must block public access in all four ways",
    ],
  ],
  "aws:s3/bucketOwnershipControls:BucketOwnershipControls": [
    [(b) => b.rule?.objectOwnership !== "BucketOwnerEnforced", "must not allow access lists"],
  ],
  "aws:lambda/functionUrl:FunctionUrl": [[(u) => u.authorizationType !== "AWS_IAM", "must ask who calls (AWS_IAM)"]],
  "aws:lambda/permission:Permission": [[(p) => p.principal === "*", "must name who may call"]],
  "aws:ec2/subnet:Subnet": [[(s) => s.mapPublicIpOnLaunch === true, "must give no public addresses"]],
  "gcp:storage/bucket:Bucket": [
    [(b) => b.publicAccessPrevention !== "enforced", "must enforce publicAccessPrevention"],
    [(b) => b.uniformBucketLevelAccess !== true, "must have uniformBucketLevelAccess"],
  ],
  "gcp:cloudrunv2/service:Service": [
    [(s) => s.invokerIamDisabled === true, "must ask who calls"],
    [(s) => s.defaultUriDisabled === true, "needs its own address, which Pub/Sub pushes to"],
  ],
  "azure-native:storage:StorageAccount": [
    [(a) => a.allowBlobPublicAccess !== false, "must not allow public blobs"],
    [(a) => a.allowSharedKeyAccess !== false, "must not allow shared keys"],
    [(a) => a.allowCrossTenantReplication !== false, "must not allow replication to other tenants"],
  ],
  "azure-native:storage:BlobContainer": [[(c) => c.publicAccess !== "None", "must not be public"]],
  "azure-native:containerregistry:Registry": [
    [(r) => r.adminUserEnabled !== false, "must have no admin user"],
    [(r) => r.anonymousPullEnabled === true, "must not be open to anybody"],
  ],
  "azure-native:app:ContainerAppsAuthConfig": [
    [
      (a) => a.globalValidation?.unauthenticatedClientAction !== "Return401",
      "must turn away who does not say who they are",
    ],
  ],
});

const encryption = byType("encrypted", "What is stored is encrypted, and what travels goes over TLS.", {
  "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": [
    [(e) => !e.rules?.[0]?.applyServerSideEncryptionByDefault?.sseAlgorithm, "must name an algorithm"],
  ],
  "aws:s3/bucketPolicy:BucketPolicy": [[(p) => !deniesWithoutTls(p.policy), "must deny requests without TLS"]],
  "aws:sqs/queue:Queue": [[(q) => q.sqsManagedSseEnabled !== true && !q.kmsMasterKeyId, "must be encrypted"]],
  "aws:sqs/queuePolicy:QueuePolicy": [[(p) => !deniesWithoutTls(p.policy), "must deny requests without TLS"]],
  "aws:sns/topicPolicy:TopicPolicy": [[(p) => !deniesWithoutTls(p.policy), "must deny requests without TLS"]],
  "aws:ecr/repository:Repository": [[(r) => !r.encryptionConfigurations?.length, "must be encrypted"]],
  "azure-native:storage:StorageAccount": [
    [(a) => a.minimumTlsVersion !== "TLS1_2", "must ask for TLS 1.2"],
    [(a) => a.enableHttpsTrafficOnly !== true, "must refuse plain HTTP"],
  ],
  "azure-native:app:ContainerApp": [
    [(a) => a.configuration?.ingress?.allowInsecure !== false, "must refuse plain HTTP"],
  ],
});

const images = byType("image-by-digest", "An image is named by its digest, so that what runs is what was tested.", {
  "aws:lambda/function:Function": [[(f) => !isDigest(f.imageUri), "must name its image by digest"]],
  "gcp:cloudrunv2/service:Service": [
    [(s) => !s.template?.containers?.every((c: Inputs) => isDigest(c.image)), "must name its image by digest"],
  ],
  "azure-native:app:Job": [
    [(j) => !j.template?.containers?.every((c: Inputs) => isDigest(c.image)), "must name its image by digest"],
  ],
  "azure-native:app:ContainerApp": [
    [(a) => !a.template?.containers?.every((c: Inputs) => isDigest(c.image)), "must name its image by digest"],
  ],
});

const forgetting = byType(
  "kept-for-a-time",
  "Logs, old versions and old images are not kept for ever; data is not lost by a slip.",
  {
    "aws:cloudwatch/logGroup:LogGroup": [[(g) => !g.retentionInDays, "must say how long it keeps logs"]],
    "aws:s3/bucketVersioning:BucketVersioning": [
      [(v) => v.versioningConfiguration?.status !== "Enabled", "must be on"],
    ],
    "gcp:storage/bucket:Bucket": [
      [(b) => b.versioning?.enabled !== true, "must keep versions"],
      [(b) => !b.lifecycleRules?.length, "must forget old rounds and versions"],
    ],
    "gcp:logging/projectBucketConfig:ProjectBucketConfig": [
      [(b) => !b.retentionDays, "must say how long it keeps logs"],
    ],
    "gcp:pubsub/subscription:Subscription": [
      [(s) => s.expirationPolicy?.ttl !== "", "must not expire when it is idle for 31 days"],
    ],
    "azure-native:storage:BlobServiceProperties": [[(p) => p.isVersioningEnabled !== true, "must keep versions"]],
    "azure-native:operationalinsights:Workspace": [[(w) => !w.retentionInDays, "must say how long it keeps logs"]],
  },
);

const tagged: ResourceRule = {
  name: "tagged",
  description: "Everything that can carry a tag or label carries the pipeline's.",
  check: ({ type, inputs }) =>
    isTaggable(type) && !tagsOf(type, inputs)?.["trivet-pipeline"] ? ["must carry the tag trivet-pipeline"] : [],
};

const leastPrivilege: ResourceRule = {
  name: "least-privilege",
  description: "Rights name actions and resources: no wildcard action, no wide role, nobody unnamed.",
  check: ({ type, inputs }) => [...documentProblems(type, inputs), ...grantProblems(type, inputs)],
};

export const resourceRules: readonly ResourceRule[] = [privacy, encryption, images, forgetting, tagged, leastPrivilege];

function isDigest(image: unknown): boolean {
  return typeof image === "string" && (/@sha256:[0-9a-f]{64}$/.test(image) || image === "unknown");
}

function deniesWithoutTls(policy: unknown): boolean {
  if (typeof policy !== "string") return false;
  return JSON.parse(policy).Statement.some(
    (s: Inputs) => s.Effect === "Deny" && s.Principal === "*" && s.Condition?.Bool?.["aws:SecureTransport"] === "false",
  );
}
