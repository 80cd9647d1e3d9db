import { DiagnosticSetting } from "@pulumi/azure-native/monitor/diagnosticSetting.js";
import { Workspace } from "@pulumi/azure-native/operationalinsights/workspace.js";
import * as pulumi from "@pulumi/pulumi";
import type { Scope } from "../scope.ts";
import type { Store } from "./object-store.ts";
import type { Place } from "./place.ts";
import type { AzureTrainingPipelineArgs } from "./training-pipeline.ts";

/**
 * The workspace that keeps the lines of containers and of the queues; undefined when logs are skipped. It takes no keys:
 * Azure Monitor brings the lines.
 */
export function createLogs(
  scope: Scope,
  args: AzureTrainingPipelineArgs,
  place: Place,
  store: Store,
): pulumi.Output<string> | undefined {
  if (args.logs?.skip) return undefined;
  const workspaceId =
    args.logs?.existing !== undefined
      ? scope.gate(args.logs.existing)
      : scope.createStored(Workspace, "workspace", {
          ...place,
          sku: { name: "PerGB2018" },
          retentionInDays: scope.settings.logRetentionDays,
          features: { disableLocalAuth: true },
          tags: scope.tags,
        }).id;
  scope.create(DiagnosticSetting, "queueLogs", {
    resourceUri: pulumi.interpolate`${store.accountId}/queueServices/default`,
    workspaceId,
    // Puts and removals; the alarms on dead letters and on waiting tasks are made from them.
    logs: [
      { category: "StorageWrite", enabled: true },
      { category: "StorageDelete", enabled: true },
    ],
  });
  return workspaceId;
}
