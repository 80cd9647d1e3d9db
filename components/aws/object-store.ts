import { Bucket } from "@pulumi/aws/s3/bucket.js";
import { BucketLifecycleConfiguration } from "@pulumi/aws/s3/bucketLifecycleConfiguration.js";
import { BucketOwnershipControls } from "@pulumi/aws/s3/bucketOwnershipControls.js";
import { BucketPolicy } from "@pulumi/aws/s3/bucketPolicy.js";
import { BucketPublicAccessBlock } from "@pulumi/aws/s3/bucketPublicAccessBlock.js";
import { BucketServerSideEncryptionConfiguration } from "@pulumi/aws/s3/bucketServerSideEncryptionConfiguration.js";
import { BucketVersioning } from "@pulumi/aws/s3/bucketVersioning.js";
import { getBucketOutput } from "@pulumi/aws/s3/getBucket.js";
import * as pulumi from "@pulumi/pulumi";
import type { Scope } from "../scope.ts";
import { keyPrefixes } from "../worker-configuration.ts";
import { denyWithoutTls } from "./policies.ts";
import type { AwsTrainingPipelineArgs } from "./training-pipeline.ts";

/** What the rest of the pipeline needs of a bucket, created or adopted. */
export interface Store {
  readonly name: pulumi.Output<string>;
  readonly arn: pulumi.Output<string>;
}

/** A private, versioned, encrypted bucket, which forgets the data of old rounds. An adopted one is left as it is. */
export function createObjectStore(scope: Scope, args: AwsTrainingPipelineArgs): Store {
  if (args.bucket?.existing !== undefined) {
    const name = scope.gate(args.bucket.existing);
    // A bucket's ARN has no account and no region, but it has the partition, which only AWS itself tells.
    return { name, arn: getBucketOutput({ bucket: name }, scope.invokeOptions).arn };
  }
  const bucket = scope.createStored(Bucket, "bucket", {
    forceDestroy: args.removalPolicy === "destroy",
    tags: scope.tags,
  });
  scope.create(BucketOwnershipControls, "bucketOwnership", {
    bucket: bucket.id,
    rule: { objectOwnership: "BucketOwnerEnforced" },
  });
  const publicAccessBlock = scope.create(BucketPublicAccessBlock, "publicAccessBlock", {
    bucket: bucket.id,
    blockPublicAcls: true,
    blockPublicPolicy: true,
    ignorePublicAcls: true,
    restrictPublicBuckets: true,
  });
  const versioning = scope.create(BucketVersioning, "versioning", {
    bucket: bucket.id,
    versioningConfiguration: { status: "Enabled" },
  });
  const key = args.encryptionKey;
  scope.create(BucketServerSideEncryptionConfiguration, "encryption", {
    bucket: bucket.id,
    rules: [
      key === undefined
        ? { applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }
        : {
            applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms", kmsMasterKeyId: scope.gate(key) },
            bucketKeyEnabled: true,
          },
    ],
  });
  scope.create(
    BucketLifecycleConfiguration,
    "lifecycle",
    {
      bucket: bucket.id,
      rules: [
        {
          id: "rounds",
          status: "Enabled",
          filter: { prefix: keyPrefixes.rounds },
          expiration: { days: scope.settings.roundRetentionDays },
          noncurrentVersionExpiration: { noncurrentDays: 1 },
        },
        {
          id: "old-versions",
          status: "Enabled",
          filter: { prefix: "" },
          noncurrentVersionExpiration: { noncurrentDays: 30 },
          abortIncompleteMultipartUpload: { daysAfterInitiation: 1 },
        },
      ],
    },
    { dependsOn: [versioning] },
  );
  // After the public access block: S3 refuses two changes of a bucket's access at once.
  scope.create(
    BucketPolicy,
    "bucketPolicy",
    {
      bucket: bucket.id,
      policy: denyWithoutTls("s3", [bucket.arn, pulumi.interpolate`${bucket.arn}/*`]),
    },
    { dependsOn: [publicAccessBlock] },
  );
  return { name: bucket.bucket, arn: bucket.arn };
}
