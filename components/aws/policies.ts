import type * as pulumi from "@pulumi/pulumi";
import { json } from "../scope.ts";

/** One thing that an identity may do. No action has a wildcard; resources only inside an ARN. */
export interface Statement {
  readonly Sid: string;
  readonly Action: readonly string[];
  readonly Resource: pulumi.Input<pulumi.Input<string>[]>;
  readonly Condition?: pulumi.Input<Record<string, Record<string, pulumi.Input<string> | pulumi.Input<string>[]>>>;
}

const version = "2012-10-17";

/** A policy that allows these statements and nothing else. */
export function allow(statements: readonly Statement[]): pulumi.Output<string> {
  return json({ Version: version, Statement: statements.map((statement) => ({ Effect: "Allow", ...statement })) });
}

/** Lets an AWS service take on a role. */
export function assumedBy(service: string): pulumi.Output<string> {
  return json({
    Version: version,
    Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: service } }],
  });
}

/** Lets named principals take on a role. */
export function assumedByPrincipals(principals: pulumi.Input<pulumi.Input<string>[]>): pulumi.Output<string> {
  return json({
    Version: version,
    Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Principal: { AWS: principals } }],
  });
}

/** A resource policy: nobody comes without TLS. Further statements let an AWS service in. */
export function denyWithoutTls(
  service: "s3" | "sqs",
  resources: pulumi.Input<string>[],
  ...others: readonly object[]
): pulumi.Output<string> {
  return json({
    Version: version,
    Statement: [
      {
        Sid: "DenyWithoutTls",
        Effect: "Deny",
        Principal: "*",
        // The only place with a wildcard action: it takes rights away.
        Action: `${service}:*`,
        Resource: resources,
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      },
      ...others,
    ],
  });
}

/** The ARN of another service's resources in the same partition, region and account as `arn`. */
export function siblingArn(arn: pulumi.Output<string>, service: string, resource: string): pulumi.Output<string> {
  return arn.apply((known) => {
    const [, partition, , region, account] = known.split(":");
    return `arn:${partition}:${service}:${region}:${account}:${resource}`;
  });
}
