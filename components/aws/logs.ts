import { LogGroup } from "@pulumi/aws/cloudwatch/logGroup.js";
import * as pulumi from "@pulumi/pulumi";
import type { Scope } from "../scope.ts";
import { siblingArn } from "./policies.ts";
import type { AwsTrainingPipelineArgs } from "./training-pipeline.ts";

/** A log group, created or adopted. */
export interface Logs {
  readonly name: pulumi.Output<string>;
  readonly arn: pulumi.Output<string>;
}

/** The functions' log group, with its retention. Functions may write into it, not create another. */
export function createLogs(
  scope: Scope,
  args: AwsTrainingPipelineArgs,
  queueArn: pulumi.Output<string>,
): Logs | undefined {
  if (args.logs?.skip) return undefined;
  if (args.logs?.existing !== undefined) {
    const name = scope.gate(args.logs.existing);
    const arn = pulumi.all([name, queueArn]).apply(([known]) => siblingArn(queueArn, "logs", `log-group:${known}`));
    return { name, arn };
  }
  const logGroup = scope.createStored(LogGroup, "logGroup", {
    retentionInDays: scope.settings.logRetentionDays,
    ...(args.encryptionKey !== undefined && { kmsKeyId: scope.gate(args.encryptionKey) }),
    tags: scope.tags,
  });
  return { name: logGroup.name, arn: logGroup.arn };
}
