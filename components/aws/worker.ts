import type { Role } from "@pulumi/aws/iam/role.js";
import type { RolePolicy } from "@pulumi/aws/iam/rolePolicy.js";
import { Alias } from "@pulumi/aws/lambda/alias.js";
import { EventSourceMapping } from "@pulumi/aws/lambda/eventSourceMapping.js";
import { type FunctionArgs, Function as LambdaFunction } from "@pulumi/aws/lambda/function.js";
import { FunctionRecursionConfig } from "@pulumi/aws/lambda/functionRecursionConfig.js";
import { ProvisionedConcurrencyConfig } from "@pulumi/aws/lambda/provisionedConcurrencyConfig.js";
import type { Queue } from "@pulumi/aws/sqs/queue.js";
import type { lambda as lambdaInputs } from "@pulumi/aws/types/input.js";
import type * as pulumi from "@pulumi/pulumi";
import { stopSeconds } from "../limits.ts";
import type { Scope } from "../scope.ts";
import { quietTensorFlow, variables } from "../worker-configuration.ts";
import type { Logs } from "./logs.ts";
import type { Store } from "./object-store.ts";
import type { AwsTrainingPipelineArgs } from "./training-pipeline.ts";

/** What a function of ours runs in. */
export interface FunctionParts {
  readonly imageUri: pulumi.Output<string>;
  readonly store: Store;
  readonly queue: Queue;
  readonly logs: Logs | undefined;
  readonly vpcConfig: lambdaInputs.FunctionVpcConfig | undefined;
}

/** The arguments that all functions share: the same image and store, and logs as JSON. */
export function functionArgs(scope: Scope, role: "worker" | "predict", parts: FunctionParts) {
  const { imageUri, store, queue, logs, vpcConfig } = parts;
  return {
    packageType: "Image",
    imageUri,
    // Cloud Run and Container Apps run x86-64 alone, and so does the image.
    architectures: ["x86_64"],
    memorySize: scope.settings.memoryMib,
    ...(logs && { loggingConfig: { logFormat: "JSON", logGroup: logs.name } }),
    ...(vpcConfig && { vpcConfig }),
    environment: {
      variables: {
        ...quietTensorFlow,
        [variables.platform]: "aws-lambda",
        [variables.role]: role,
        [variables.store]: store.name,
        [variables.queue]: queue.url,
        [variables.taskTimeoutSeconds]: scope.settings.taskTimeoutSeconds.apply(String),
      },
    },
    tags: scope.tags,
  } satisfies Partial<FunctionArgs>;
}

/** The function that trains, and what starts it: one message at a time, never more at once than the cap. */
export function createWorker(
  scope: Scope,
  args: AwsTrainingPipelineArgs,
  parts: FunctionParts & { workerRole: Role; workerPolicy: RolePolicy },
): LambdaFunction {
  const { workerRole, workerPolicy, queue } = parts;
  const worker = scope.create(
    LambdaFunction,
    "worker",
    {
      ...functionArgs(scope, "worker", parts),
      description: "Trains: takes one task of a round at a time.",
      role: workerRole.arn,
      timeout: scope.settings.taskTimeoutSeconds.apply((seconds) => seconds + stopSeconds),
      ephemeralStorage: { size: 512 },
      publish: true,
    },
    // Its first calls must not come before its rights.
    { dependsOn: [workerPolicy] },
  );
  // A worker sends the tasks that follow into the queue that starts it. Lambda takes that for a runaway loop after 16 turns.
  const recursion = scope.create(FunctionRecursionConfig, "recursion", {
    functionName: worker.name,
    recursiveLoop: "Allow",
  });
  const alias = scope.create(Alias, "alias", {
    name: "live",
    functionName: worker.name,
    functionVersion: worker.version,
  });
  scope.create(
    EventSourceMapping,
    "trigger",
    {
      eventSourceArn: queue.arn,
      functionName: alias.arn,
      batchSize: 1,
      functionResponseTypes: ["ReportBatchItemFailures"],
      // Unlike reserved concurrency, which would receive messages that it cannot work on, and so use up their attempts.
      scalingConfig: { maximumConcurrency: scope.settings.maxConcurrency },
      metricsConfig: { metrics: ["EventCount"] },
      tags: scope.tags,
    },
    { dependsOn: [recursion] },
  );
  if (args.warmInstances)
    scope.create(ProvisionedConcurrencyConfig, "warm", {
      functionName: worker.name,
      qualifier: alias.name,
      provisionedConcurrentExecutions: scope.settings.warmInstances,
    });
  return worker;
}
