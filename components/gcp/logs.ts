import { ProjectBucketConfig } from "@pulumi/gcp/logging/projectBucketConfig.js";
import { ProjectExclusion } from "@pulumi/gcp/logging/projectExclusion.js";
import { ProjectSink } from "@pulumi/gcp/logging/projectSink.js";
import * as pulumi from "@pulumi/pulumi";
import type { Scope } from "../scope.ts";
import type { GcpTrainingPipelineArgs } from "./training-pipeline.ts";

/**
 * A log bucket with its own retention, a sink that fills it with the pipeline's lines, and an exclusion so that they are
 * not stored (and paid) twice. Returns where the lines are.
 */
export function createLogs(
  scope: Scope,
  args: GcpTrainingPipelineArgs,
  project: pulumi.Output<string>,
  services: pulumi.Output<string>[],
): pulumi.Output<string> {
  if (args.logs?.skip) return pulumi.interpolate`projects/${project}/locations/global/buckets/_Default`;
  const names = pulumi.all(services).apply((known) => known.map((name) => `"${name}"`).join(" OR "));
  const filter = pulumi.interpolate`resource.type="cloud_run_revision" AND resource.labels.service_name=(${names})`;
  const bucketId =
    args.logs?.existing !== undefined
      ? scope.gate(args.logs.existing)
      : scope.createStored(
          ProjectBucketConfig,
          "logBucket",
          {
            project,
            location: scope.gate(args.location),
            bucketId: scope.physicalName("logs", 100),
            description: "Logs of a Trivet pipeline.",
            retentionDays: scope.settings.logRetentionDays,
          },
          { ignoreChanges: ["bucketId"] },
        ).id;
  scope.create(ProjectSink, "logSink", {
    description: "Lines of a Trivet pipeline, into its own log bucket.",
    destination: pulumi.interpolate`logging.googleapis.com/${bucketId}`,
    filter,
    uniqueWriterIdentity: true,
  });
  scope.create(ProjectExclusion, "logExclusion", {
    description: "Lines of a Trivet pipeline are in its own log bucket.",
    filter,
  });
  return bucketId;
}
