import { ContainerApp } from "@pulumi/azure-native/app/containerApp.js";
import { ContainerAppsAuthConfig } from "@pulumi/azure-native/app/containerAppsAuthConfig.js";
import * as pulumi from "@pulumi/pulumi";
import type { Scope } from "../scope.ts";
import { variables, workerCommand } from "../worker-configuration.ts";
import { createIdentity } from "./identity.ts";
import { grant } from "./roles.ts";
import type { AzureTrainingPipelineArgs } from "./training-pipeline.ts";
import { type ContainerParts, containerArgs, pullAs } from "./worker.ts";

/** The same image as an HTTPS endpoint that reads results and nothing else. Callers show a Microsoft Entra token. */
export function createPrediction(
  scope: Scope,
  args: AzureTrainingPipelineArgs,
  parts: ContainerParts,
): pulumi.Output<string> {
  if (!args.predict) return pulumi.output("");
  const { place, environment, store, registry } = parts;
  const identity = createIdentity(scope, "predictor", place, registry);
  grant(scope, "predictorObjects", { role: "blobReader", on: store.containerId, to: identity.principalId });
  const predictor = scope.create(
    ContainerApp,
    "predictor",
    {
      ...place,
      managedEnvironmentId: environment.id,
      workloadProfileName: "Consumption",
      identity: { type: "UserAssigned", userAssignedIdentities: [identity.id] },
      configuration: {
        activeRevisionsMode: "Single",
        registries: pullAs(parts, identity),
        ingress: { external: true, targetPort: 8080, allowInsecure: false, transport: "auto" },
      },
      template: {
        scale: {
          minReplicas: 0,
          maxReplicas: scope.settings.maxConcurrency,
          // One model in memory serves one request at a time, as on the other clouds.
          rules: [{ name: "requests", http: { metadata: { concurrentRequests: "1" } } }],
        },
        containers: [
          {
            ...containerArgs(scope, "predictor", parts, {
              [variables.role]: "predict",
              AZURE_CLIENT_ID: identity.clientId,
              PORT: "8080",
            }),
            command: workerCommand,
          },
        ],
      },
      tags: scope.tags,
    },
    { dependsOn: [...identity.pull] },
  );
  const clientId = scope.gate(args.predictClientId!);
  scope.create(ContainerAppsAuthConfig, "predictorAuthentication", {
    resourceGroupName: place.resourceGroupName,
    containerAppName: predictor.name,
    authConfigName: "current",
    platform: { enabled: true },
    globalValidation: { unauthenticatedClientAction: "Return401" },
    httpSettings: { requireHttps: true },
    identityProviders: {
      azureActiveDirectory: {
        enabled: true,
        registration: {
          clientId,
          openIdIssuer: pulumi.interpolate`https://login.microsoftonline.com/${identity.tenantId}/v2.0`,
        },
        validation: {
          allowedAudiences: [clientId, pulumi.interpolate`api://${clientId}`],
          // An empty list would let in every application of the directory; so the app itself stands in for nobody.
          defaultAuthorizationPolicy: {
            allowedApplications: args.predictCallers?.length ? args.predictCallers.map(scope.gate) : [clientId],
          },
        },
      },
    },
  });
  return predictor.configuration.apply((known) => `https://${known?.ingress?.fqdn ?? ""}/`);
}
