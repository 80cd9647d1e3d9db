import { Workbook } from "@pulumi/azure-native/applicationinsights/workbook.js";
import { Budget } from "@pulumi/azure-native/consumption/budget.js";
import { ActionGroup } from "@pulumi/azure-native/monitor/actionGroup.js";
import { MetricAlert } from "@pulumi/azure-native/monitor/metricAlert.js";
import { ScheduledQueryRule } from "@pulumi/azure-native/monitor/scheduledQueryRule.js";
import * as pulumi from "@pulumi/pulumi";
import { slug, uuidOf } from "../naming.ts";
import { json, type Scope } from "../scope.ts";
import { pipelineTag } from "../tags.ts";
import type { Store } from "./object-store.ts";
import type { Place } from "./place.ts";
import type { Queue } from "./task-queue.ts";
import type { AzureTrainingPipelineArgs } from "./training-pipeline.ts";

interface Watched {
  readonly place: Place;
  readonly resourceGroupId: pulumi.Output<string>;
  readonly store: Store;
  readonly queue: Queue;
  readonly deadLetters: Queue;
  readonly workerName: pulumi.Output<string>;
  readonly workspaceId: pulumi.Output<string> | undefined;
}

const puts = (queue: Queue) =>
  `StorageQueueLogs | where OperationName == "PutMessage" and Uri contains "/${queue.name}/messages"`;
const removals = (queue: Queue) =>
  `StorageQueueLogs | where OperationName == "DeleteMessage" and Uri contains "/${queue.name}/messages"`;

/** Alarms, a page, and with an address an e-mail and a budget. A log alarm costs about 0.50-1.50 dollars a month. */
export function createObservability(
  scope: Scope,
  args: AzureTrainingPipelineArgs,
  watched: Watched,
): pulumi.Output<string> {
  const { place, store, queue, deadLetters, workerName, workspaceId } = watched;
  const actionGroups = args.alertEmail === undefined ? [] : [createAlerts(scope, args.alertEmail, place).id];
  createBudget(scope, args, watched.resourceGroupId);
  // The workers' lines say their severity; Container Apps keeps a job's name and an app's in columns of their own.
  const errors = pulumi.interpolate`ContainerAppConsoleLogs | where (JobName == "${workerName}" or ContainerAppName == "${workerName}") and Log contains "\"severity\":\"ERROR\""`;
  const waiting = `StorageQueueLogs | where Uri contains "/${queue.name}/messages" | summarize put = countif(OperationName == "PutMessage"), removed = countif(OperationName == "DeleteMessage") | where put > 0 and removed == 0`;

  const alarm = (
    index: string,
    query: pulumi.Input<string>,
    evaluationFrequency: string,
    windowSize: string,
    description: string,
  ) =>
    scope.create(
      ScheduledQueryRule,
      "alarm",
      {
        ...place,
        kind: "LogAlert",
        displayName: `${scope.name}: ${index}`,
        description,
        enabled: true,
        severity: 1,
        scopes: [workspaceId!],
        evaluationFrequency,
        windowSize,
        autoMitigate: true,
        // The tables exist only after their first line.
        skipQueryValidation: true,
        criteria: {
          allOf: [
            {
              query,
              timeAggregation: "Count",
              operator: "GreaterThan",
              threshold: 0,
              failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 },
            },
          ],
        },
        actions: { actionGroups },
        tags: scope.tags,
      },
      { index },
    );
  if (workspaceId) {
    alarm("dead-letters", puts(deadLetters), "PT5M", "PT5M", "A task failed too often and is a dead letter.");
    alarm("age", waiting, "PT15M", "PT1H", "Tasks have been waiting for an hour, and none was done.");
    alarm("errors", errors, "PT5M", "PT5M", "A worker ended with an error.");
  }
  scope.create(MetricAlert, "throttleAlarm", {
    resourceGroupName: place.resourceGroupName,
    location: "global",
    description: "The storage account is too busy for the workers.",
    enabled: true,
    severity: 2,
    scopes: [store.accountId],
    evaluationFrequency: "PT5M",
    windowSize: "PT5M",
    criteria: {
      odataType: "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
      allOf: [
        {
          criterionType: "StaticThresholdCriterion",
          name: "busy",
          metricName: "Transactions",
          dimensions: [
            { name: "ResponseType", operator: "Include", values: ["ServerBusyError", "ServerTimeoutError"] },
          ],
          operator: "GreaterThan",
          threshold: 0,
          timeAggregation: "Total",
        },
      ],
    },
    actions: actionGroups.map((actionGroupId) => ({ actionGroupId })),
    tags: scope.tags,
  });
  return createDashboard(scope, watched, [
    [
      "Tasks sent and done",
      pulumi.output(
        `union (${puts(queue)} | extend What = "sent"), (${removals(queue)} | extend What = "done") | summarize count() by What, bin(TimeGenerated, 1m) | render timechart`,
      ),
    ],
    [
      "Dead letters",
      pulumi.output(`${puts(deadLetters)} | summarize count() by bin(TimeGenerated, 1m) | render timechart`),
    ],
    ["Errors", pulumi.interpolate`${errors} | project TimeGenerated, Log | order by TimeGenerated desc`],
  ]);
}

function createDashboard(
  scope: Scope,
  { place, store, workspaceId }: Watched,
  charts: [string, pulumi.Output<string>][],
) {
  const item = ([title, query]: [string, pulumi.Output<string>], index: number) => ({
    type: 3,
    name: `chart-${index}`,
    content: {
      version: "KqlItem/1.0",
      title,
      query,
      size: 0,
      timeContext: { durationMs: 86_400_000 },
      queryType: 0,
      resourceType: "microsoft.operationalinsights/workspaces",
      crossComponentResources: [workspaceId!],
    },
  });
  const nothing = { type: 1, name: "text", content: { json: "Logs are skipped, so there is nothing to show here." } };
  const dashboard = scope.create(
    Workbook,
    "dashboard",
    {
      ...place,
      kind: "shared",
      category: "workbook",
      resourceName: uuidOf(pulumi.getProject(), pulumi.getStack(), scope.name),
      displayName: pulumi.interpolate`Trivet ${scope.tags[pipelineTag]!}`,
      sourceId: workspaceId ?? store.accountId,
      serializedData: json({ version: "Notebook/1.0", items: workspaceId ? charts.map(item) : [nothing] }),
      tags: scope.tags,
    },
    { ignoreChanges: ["resourceName"] },
  );
  return pulumi.interpolate`https://portal.azure.com/#@/resource${dashboard.id}/workbook`;
}

function createAlerts(scope: Scope, address: pulumi.Input<string>, { resourceGroupName }: Place): ActionGroup {
  return scope.create(ActionGroup, "alerts", {
    resourceGroupName,
    location: "global",
    enabled: true,
    // Shown in the e-mail; at most 12 characters.
    groupShortName: slug(scope.name).slice(0, 12),
    emailReceivers: [{ name: "alerts", emailAddress: scope.gate(address), useCommonAlertSchema: true }],
    tags: scope.tags,
  });
}

function createBudget(scope: Scope, args: AzureTrainingPipelineArgs, resourceGroupId: pulumi.Output<string>): void {
  if (args.monthlyBudgetDollars === undefined) return;
  const notify = (threshold: number, thresholdType: "Actual" | "Forecasted") => ({
    enabled: true,
    operator: "GreaterThan",
    threshold,
    thresholdType,
    contactEmails: [scope.gate(args.alertEmail!)],
  });
  scope.create(Budget, "budget", {
    scope: resourceGroupId,
    amount: scope.gate(args.monthlyBudgetDollars),
    category: "Cost",
    timeGrain: "Monthly",
    timePeriod: { startDate: pulumi.interpolate`${scope.gate(args.budgetStartsOn!)}T00:00:00Z` },
    notifications: { actual80: notify(80, "Actual"), forecast100: notify(100, "Forecasted") },
  });
}
