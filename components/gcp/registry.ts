import { Repository } from "@pulumi/gcp/artifactregistry/repository.js";
import { getClientConfigOutput } from "@pulumi/gcp/organizations/getClientConfig.js";
import * as pulumi from "@pulumi/pulumi";
import { buildImage, imageByDigest } from "../image.ts";
import { daySeconds } from "../limits.ts";
import type { Scope } from "../scope.ts";
import type { GcpTrainingPipelineArgs } from "./training-pipeline.ts";

/** Where the image lies and which one it is. */
export function createRegistry(scope: Scope, args: GcpTrainingPipelineArgs) {
  const registryUrl = createRepository(scope, args);
  if (!args.build) return { imageUri: scope.gate(args.image!), registryUrl };
  const image = buildImage(scope, args.build, registryUrl, "worker", {
    address: registryUrl.apply((url) => url.split("/")[0]!),
    username: "oauth2accesstoken",
    password: pulumi.secret(getClientConfigOutput(scope.invokeOptions).accessToken),
  });
  return { imageUri: imageByDigest(image, registryUrl), registryUrl };
}

function createRepository(scope: Scope, args: GcpTrainingPipelineArgs): pulumi.Output<string> {
  if (args.registry?.skip) return pulumi.output("");
  if (args.registry?.existing !== undefined) return scope.gate(args.registry.existing);
  const registry = scope.createStored(
    Repository,
    "registry",
    {
      location: scope.gate(args.location),
      repositoryId: scope.physicalName("registry", 63),
      description: "Images of a Trivet pipeline's worker.",
      format: "DOCKER",
      // A build pushes each image under the same tag; services name it by digest in any case.
      dockerConfig: { immutableTags: !args.build },
      ...(args.encryptionKey !== undefined && { kmsKeyName: scope.gate(args.encryptionKey) }),
      cleanupPolicyDryRun: false,
      cleanupPolicies: [
        { id: "keep-the-last-20", action: "KEEP", mostRecentVersions: { keepCount: 20 } },
        {
          id: "remove-after-30-days",
          action: "DELETE",
          condition: { tagState: "ANY", olderThan: `${30 * daySeconds}s` },
        },
      ],
      labels: scope.tags,
    },
    { ignoreChanges: ["repositoryId"] },
  );
  return pulumi.interpolate`${registry.location}-docker.pkg.dev/${registry.project}/${registry.repositoryId}/worker`;
}
