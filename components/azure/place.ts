import { getResourceGroupOutput } from "@pulumi/azure-native/resources/getResourceGroup.js";
import { ResourceGroup } from "@pulumi/azure-native/resources/resourceGroup.js";
import type * as pulumi from "@pulumi/pulumi";
import type { Scope } from "../scope.ts";
import type { AzureTrainingPipelineArgs } from "./training-pipeline.ts";

/** Where children are: what almost every one of them must be told. */
export interface Place {
  readonly resourceGroupName: pulumi.Output<string>;
  readonly location: pulumi.Output<string>;
}

/** The resource group, created or adopted. */
export function createPlace(
  scope: Scope,
  args: AzureTrainingPipelineArgs,
): { place: Place; resourceGroupId: pulumi.Output<string> } {
  const location = scope.gate(args.location);
  if (args.resourceGroupName !== undefined) {
    const resourceGroupName = scope.gate(args.resourceGroupName);
    const { id } = getResourceGroupOutput({ resourceGroupName }, scope.invokeOptions);
    return { place: { resourceGroupName, location }, resourceGroupId: id };
  }
  const group = scope.createStored(ResourceGroup, "resourceGroup", { location, tags: scope.tags });
  return { place: { resourceGroupName: group.name, location }, resourceGroupId: group.id };
}
