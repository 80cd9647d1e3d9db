import { Role } from "@pulumi/aws/iam/role.js";
import { RolePolicy } from "@pulumi/aws/iam/rolePolicy.js";
import { Function as LambdaFunction } from "@pulumi/aws/lambda/function.js";
import { FunctionUrl } from "@pulumi/aws/lambda/functionUrl.js";
import { Permission } from "@pulumi/aws/lambda/permission.js";
import * as pulumi from "@pulumi/pulumi";
import type { Scope } from "../scope.ts";
import { keyPrefixes } from "../worker-configuration.ts";
import { useKey, writeLogs } from "./identity.ts";
import { allow, assumedBy } from "./policies.ts";
import type { AwsTrainingPipelineArgs } from "./training-pipeline.ts";
import { type FunctionParts, functionArgs } from "./worker.ts";

/**
 * The same image as an HTTPS endpoint that reads results and nothing else. Callers sign with AWS's SigV4; outside
 * `predictCallers`, whoever may invoke functions in this account may call it.
 */
export function createPrediction(
  scope: Scope,
  args: AwsTrainingPipelineArgs,
  parts: FunctionParts,
): pulumi.Output<string> {
  if (!args.predict) return pulumi.output("");
  const { store, logs } = parts;
  const predictorRole = scope.create(Role, "predictorRole", {
    description: "Predicts: reads results.",
    assumeRolePolicy: assumedBy("lambda.amazonaws.com"),
    tags: scope.tags,
  });
  const predictorPolicy = scope.create(RolePolicy, "predictorPolicy", {
    role: predictorRole.id,
    policy: allow([
      { Sid: "Read", Action: ["s3:GetObject"], Resource: [pulumi.interpolate`${store.arn}/${keyPrefixes.jobs}*`] },
      { Sid: "List", Action: ["s3:ListBucket"], Resource: [store.arn] },
      ...writeLogs(logs),
      ...useKey(scope, args, "kms:Decrypt"),
    ]),
  });
  // In no network of the user's: an endpoint that only reads from S3 needs none.
  const predictor = scope.create(
    LambdaFunction,
    "predictor",
    {
      ...functionArgs(scope, "predict", { ...parts, vpcConfig: undefined }),
      description: "Predicts with the newest or a named result.",
      role: predictorRole.arn,
      timeout: 30,
    },
    { dependsOn: [predictorPolicy] },
  );
  const endpoint = scope.create(FunctionUrl, "endpoint", {
    functionName: predictor.name,
    authorizationType: "AWS_IAM",
    invokeMode: "BUFFERED",
  });
  // A function URL asks for both permissions; one alone answers 403. docs.aws.amazon.com/lambda: urls-auth
  for (const [i, caller] of (args.predictCallers ?? []).entries()) {
    const may = { function: predictor.name, principal: scope.gate(caller) };
    scope.create(
      Permission,
      "caller",
      { ...may, action: "lambda:InvokeFunctionUrl", functionUrlAuthType: "AWS_IAM" },
      { index: `url-${i}` },
    );
    scope.create(
      Permission,
      "caller",
      { ...may, action: "lambda:InvokeFunction", invokedViaFunctionUrl: true },
      { index: `invoke-${i}` },
    );
  }
  return endpoint.functionUrl;
}
