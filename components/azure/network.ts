import { Subnet } from "@pulumi/azure-native/network/subnet.js";
import { VirtualNetwork } from "@pulumi/azure-native/network/virtualNetwork.js";
import type * as pulumi from "@pulumi/pulumi";
import type { Scope } from "../scope.ts";
import type { Place } from "./place.ts";
import type { AzureTrainingPipelineArgs } from "./training-pipeline.ts";

/** The subnet of the environment's containers; undefined for the platform's own network. */
export function createNetwork(
  scope: Scope,
  args: AzureTrainingPipelineArgs,
  place: Place,
): pulumi.Output<string> | undefined {
  if (args.network?.existingSubnets) return scope.gate(args.network.existingSubnets[0]!);
  if (!args.network?.create) return undefined;
  const virtualNetwork = scope.create(VirtualNetwork, "network", {
    ...place,
    addressSpace: { addressPrefixes: ["10.82.0.0/16"] },
    tags: scope.tags,
  });
  return scope.create(Subnet, "subnet", {
    resourceGroupName: place.resourceGroupName,
    virtualNetworkName: virtualNetwork.name,
    addressPrefix: "10.82.0.0/23",
    delegations: [{ name: "container-apps", serviceName: "Microsoft.App/environments" }],
    // The account is reached over Azure's own network.
    serviceEndpoints: [{ service: "Microsoft.Storage" }],
  }).id;
}
