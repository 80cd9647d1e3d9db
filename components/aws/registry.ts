import { getAuthorizationTokenOutput } from "@pulumi/aws/ecr/getAuthorizationToken.js";
import { LifecyclePolicy } from "@pulumi/aws/ecr/lifecyclePolicy.js";
import { Repository } from "@pulumi/aws/ecr/repository.js";
import * as pulumi from "@pulumi/pulumi";
import { buildImage, imageByDigest } from "../image.ts";
import { json, type Scope } from "../scope.ts";
import type { AwsTrainingPipelineArgs } from "./training-pipeline.ts";

/** Where the image lies and which one it is. It must be in the functions' region: Lambda takes none from elsewhere. */
export function createRegistry(scope: Scope, args: AwsTrainingPipelineArgs) {
  const registryUrl = createRepository(scope, args);
  if (!args.build) return { imageUri: scope.gate(args.image!), registryUrl };
  const token = getAuthorizationTokenOutput({}, scope.invokeOptions);
  const image = buildImage(scope, args.build, registryUrl, "worker", {
    address: token.proxyEndpoint,
    username: token.userName,
    password: pulumi.secret(token.password),
  });
  return { imageUri: imageByDigest(image, registryUrl), registryUrl };
}

function createRepository(scope: Scope, args: AwsTrainingPipelineArgs): pulumi.Output<string> {
  if (args.registry?.skip) return pulumi.output("");
  if (args.registry?.existing !== undefined) return scope.gate(args.registry.existing);
  const registry = scope.createStored(Repository, "registry", {
    // A build pushes each image under the same tag; functions name it by digest in any case.
    imageTagMutability: args.build ? "MUTABLE" : "IMMUTABLE",
    imageScanningConfiguration: { scanOnPush: true },
    encryptionConfigurations: [
      args.encryptionKey === undefined
        ? { encryptionType: "AES256" }
        : { encryptionType: "KMS", kmsKey: scope.gate(args.encryptionKey) },
    ],
    forceDelete: args.removalPolicy === "destroy",
    tags: scope.tags,
  });
  scope.create(LifecyclePolicy, "registryCleanup", {
    repository: registry.name,
    policy: json({
      rules: [
        {
          rulePriority: 1,
          description: "Keep the last 20 images",
          selection: { tagStatus: "any", countType: "imageCountMoreThan", countNumber: 20 },
          action: { type: "expire" },
        },
      ],
    }),
  });
  return registry.repositoryUrl;
}
