import { getRegistryOutput } from "@pulumi/azure-native/containerregistry/getRegistry.js";
import { Registry as ContainerRegistry } from "@pulumi/azure-native/containerregistry/registry.js";
import * as pulumi from "@pulumi/pulumi";
import { buildImage, imageByDigest } from "../image.ts";
import type { Scope } from "../scope.ts";
import type { Place } from "./place.ts";
import type { AzureTrainingPipelineArgs } from "./training-pipeline.ts";

/** A registry, created or adopted; undefined when it is skipped. */
export interface Registry {
  readonly id: pulumi.Output<string>;
  readonly server: pulumi.Output<string>;
}

/** Where the image lies and which one it is. A basic registry costs about 5 dollars a month. */
export function createRegistry(scope: Scope, args: AzureTrainingPipelineArgs, place: Place) {
  const registry = openRegistry(scope, args, place);
  const registryUrl = registry ? pulumi.interpolate`${registry.server}/worker` : pulumi.output("");
  if (!args.build) return { registry, registryUrl, imageUri: scope.gate(args.image!) };
  // No password: the registry has no admin user, so Docker must be signed in already (`az acr login`).
  const target = args.host === "functions" ? "azure-functions" : "worker";
  const image = buildImage(scope, args.build, registryUrl, target, undefined);
  return { registry, registryUrl, imageUri: imageByDigest(image, registryUrl) };
}

function openRegistry(scope: Scope, args: AzureTrainingPipelineArgs, place: Place): Registry | undefined {
  if (args.registry?.skip) return undefined;
  if (args.registry?.existing !== undefined) {
    const id = scope.gate(args.registry.existing);
    const found = getRegistryOutput(
      {
        registryName: id.apply((known) => known.split("/").at(-1)!),
        resourceGroupName: id.apply((known) => known.split("/")[4]!),
      },
      scope.invokeOptions,
    );
    return { id, server: found.loginServer };
  }
  const registry = scope.createStored(ContainerRegistry, "registry", {
    ...place,
    sku: { name: "Basic" },
    adminUserEnabled: false,
    anonymousPullEnabled: false,
    // Managed identities pull with tokens for Azure itself.
    policies: { azureADAuthenticationAsArmPolicy: { status: "enabled" } },
    tags: scope.tags,
  });
  return { id: registry.id, server: registry.loginServer };
}
