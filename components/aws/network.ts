import { RouteTable } from "@pulumi/aws/ec2/routeTable.js";
import { RouteTableAssociation } from "@pulumi/aws/ec2/routeTableAssociation.js";
import { SecurityGroup } from "@pulumi/aws/ec2/securityGroup.js";
import { Subnet } from "@pulumi/aws/ec2/subnet.js";
import { Vpc } from "@pulumi/aws/ec2/vpc.js";
import { VpcEndpoint } from "@pulumi/aws/ec2/vpcEndpoint.js";
import { getAvailabilityZonesOutput } from "@pulumi/aws/getAvailabilityZones.js";
import type { lambda as lambdaInputs } from "@pulumi/aws/types/input.js";
import * as pulumi from "@pulumi/pulumi";
import type { Scope } from "../scope.ts";
import type { AwsTrainingPipelineArgs } from "./training-pipeline.ts";

/**
 * Where the functions' network interfaces are. A created network has no gateway to the internet: S3 is reached through a
 * free endpoint, SQS through one that bills by the hour, and logs go through Lambda itself.
 */
export function createNetwork(scope: Scope, args: AwsTrainingPipelineArgs): lambdaInputs.FunctionVpcConfig | undefined {
  const { create, existingSubnets, existingSecurityGroups } = args.network ?? {};
  if (existingSubnets) {
    return {
      subnetIds: existingSubnets.map(scope.gate),
      securityGroupIds: (existingSecurityGroups ?? []).map(scope.gate),
    };
  }
  if (!create) return undefined;
  const tags = scope.tags;
  const vpc = scope.create(Vpc, "vpc", {
    cidrBlock: "10.82.0.0/16",
    enableDnsHostnames: true,
    enableDnsSupport: true,
    tags,
  });
  const zones = getAvailabilityZonesOutput({ state: "available" }, scope.invokeOptions).names;
  const subnet = (index: number) =>
    scope.create(
      Subnet,
      "subnet",
      {
        vpcId: vpc.id,
        cidrBlock: `10.82.${index}.0/24`,
        availabilityZone: zones[index]!,
        mapPublicIpOnLaunch: false,
        tags,
      },
      // The account's list of zones may change; the subnet stays where it is.
      { index: String(index), ignoreChanges: ["availabilityZone"] },
    );
  const subnets = [subnet(0), subnet(1)];
  const routeTable = scope.create(RouteTable, "routeTable", { vpcId: vpc.id, tags });
  for (const [index, { id }] of subnets.entries())
    scope.create(
      RouteTableAssociation,
      "route",
      { subnetId: id, routeTableId: routeTable.id },
      { index: String(index) },
    );
  const securityGroup = scope.create(SecurityGroup, "securityGroup", {
    description: "Trivet workers: HTTPS to the endpoints of S3 and SQS.",
    vpcId: vpc.id,
    egress: [
      { protocol: "tcp", fromPort: 443, toPort: 443, cidrBlocks: ["0.0.0.0/0"], description: "S3 and SQS endpoints" },
    ],
    ingress: [{ protocol: "tcp", fromPort: 443, toPort: 443, self: true, description: "Workers to the SQS endpoint" }],
    tags,
  });
  const service = (name: string) => pulumi.interpolate`com.amazonaws.${vpc.region}.${name}`;
  scope.create(VpcEndpoint, "s3Endpoint", {
    vpcId: vpc.id,
    serviceName: service("s3"),
    vpcEndpointType: "Gateway",
    routeTableIds: [routeTable.id],
    tags,
  });
  scope.create(VpcEndpoint, "sqsEndpoint", {
    vpcId: vpc.id,
    serviceName: service("sqs"),
    vpcEndpointType: "Interface",
    privateDnsEnabled: true,
    subnetIds: subnets.map(({ id }) => id),
    securityGroupIds: [securityGroup.id],
    tags,
  });
  return { subnetIds: subnets.map(({ id }) => id), securityGroupIds: [securityGroup.id] };
}
