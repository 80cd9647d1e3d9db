import { Bucket } from "@pulumi/gcp/storage/bucket.js";
import type * as pulumi from "@pulumi/pulumi";
import type { Scope } from "../scope.ts";
import { keyPrefixes } from "../worker-configuration.ts";
import type { GcpTrainingPipelineArgs } from "./training-pipeline.ts";

/** A private, versioned, encrypted bucket, which forgets the data of old rounds. An adopted one is left as it is. */
export function createObjectStore(scope: Scope, args: GcpTrainingPipelineArgs): pulumi.Output<string> {
  if (args.bucket?.existing !== undefined) return scope.gate(args.bucket.existing);
  const bucket = scope.createStored(Bucket, "bucket", {
    location: scope.gate(args.location),
    uniformBucketLevelAccess: true,
    publicAccessPrevention: "enforced",
    versioning: { enabled: true },
    softDeletePolicy: { retentionDurationSeconds: 604_800 },
    forceDestroy: args.removalPolicy === "destroy",
    ...(args.encryptionKey !== undefined && { encryption: { defaultKmsKeyName: scope.gate(args.encryptionKey) } }),
    lifecycleRules: [
      {
        action: { type: "Delete" },
        condition: { age: scope.settings.roundRetentionDays, matchesPrefixes: [keyPrefixes.rounds] },
      },
      { action: { type: "Delete" }, condition: { daysSinceNoncurrentTime: 30, withState: "ARCHIVED" } },
      { action: { type: "AbortIncompleteMultipartUpload" }, condition: { age: 1 } },
    ],
    labels: scope.tags,
  });
  return bucket.name;
}
