import { Service } from "@pulumi/gcp/cloudrunv2/service.js";
import { ServiceIamMember } from "@pulumi/gcp/cloudrunv2/serviceIamMember.js";
import { Account } from "@pulumi/gcp/serviceaccount/account.js";
import { BucketIAMMember } from "@pulumi/gcp/storage/bucketIAMMember.js";
import type { Scope } from "../scope.ts";
import type { GcpTrainingPipelineArgs } from "./training-pipeline.ts";
import { containerArgs, type ServiceParts } from "./worker.ts";

/** The same image as an HTTPS endpoint that reads results and nothing else. Callers show a Google identity token. */
export function createPrediction(
  scope: Scope,
  args: GcpTrainingPipelineArgs,
  parts: ServiceParts,
): Service | undefined {
  if (!args.predict) return undefined;
  const account = scope.create(Account, "predictorAccount", { description: "Predicts: reads results." });
  scope.create(BucketIAMMember, "predictorReader", {
    bucket: parts.bucket,
    role: "roles/storage.objectViewer",
    member: account.member,
  });
  const predictor = scope.create(Service, "predictor", {
    location: scope.gate(args.location),
    description: "Predicts with the newest or a named result.",
    deletionProtection: false,
    ingress: "INGRESS_TRAFFIC_ALL",
    labels: scope.tags,
    template: {
      serviceAccount: account.email,
      timeout: "30s",
      // A prediction is not a task: one model in memory serves one request at a time, as on the other clouds.
      maxInstanceRequestConcurrency: 1,
      executionEnvironment: "EXECUTION_ENVIRONMENT_GEN2",
      scaling: { minInstanceCount: 0, maxInstanceCount: scope.settings.maxConcurrency },
      containers: [containerArgs(scope, "predict", parts)],
      ...(args.encryptionKey !== undefined && { encryptionKey: scope.gate(args.encryptionKey) }),
    },
  });
  for (const [i, caller] of (args.predictCallers ?? []).entries())
    scope.create(
      ServiceIamMember,
      "caller",
      { location: predictor.location, name: predictor.name, role: "roles/run.invoker", member: scope.gate(caller) },
      { index: String(i) },
    );
  return predictor;
}
