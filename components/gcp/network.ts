import { Network } from "@pulumi/gcp/compute/network.js";
import { Subnetwork } from "@pulumi/gcp/compute/subnetwork.js";
import type { cloudrunv2 as inputs } from "@pulumi/gcp/types/input.js";
import type { Scope } from "../scope.ts";
import type { GcpTrainingPipelineArgs } from "./training-pipeline.ts";

/** Where the worker's traffic goes out. A created network reaches Google's own services alone, without a public address. */
export function createNetwork(
  scope: Scope,
  args: GcpTrainingPipelineArgs,
): inputs.ServiceTemplateVpcAccess | undefined {
  const through = (subnetwork: inputs.ServiceTemplateVpcAccessNetworkInterface["subnetwork"]) => ({
    egress: "ALL_TRAFFIC",
    networkInterfaces: [{ subnetwork }],
  });
  if (args.network?.existingSubnets) return through(scope.gate(args.network.existingSubnets[0]!));
  if (!args.network?.create) return undefined;
  const network = scope.create(Network, "network", {
    description: "Trivet workers.",
    autoCreateSubnetworks: false,
  });
  const subnet = scope.create(Subnetwork, "subnet", {
    network: network.id,
    region: scope.gate(args.location),
    // Cloud Run takes two addresses per instance; up to 1,000 instances.
    ipCidrRange: "10.82.0.0/20",
    privateIpGoogleAccess: true,
  });
  return through(subnet.id);
}
