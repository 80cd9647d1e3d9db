import { Budget } from "@pulumi/gcp/billing/budget.js";
import type { Service } from "@pulumi/gcp/cloudrunv2/service.js";
import { AlertPolicy } from "@pulumi/gcp/monitoring/alertPolicy.js";
import { Dashboard } from "@pulumi/gcp/monitoring/dashboard.js";
import { NotificationChannel } from "@pulumi/gcp/monitoring/notificationChannel.js";
import type { Subscription } from "@pulumi/gcp/pubsub/subscription.js";
import * as pulumi from "@pulumi/pulumi";
import { oldestTaskSeconds } from "../limits.ts";
import { json, type Scope } from "../scope.ts";
import { pipelineTag } from "../tags.ts";
import type { GcpTrainingPipelineArgs } from "./training-pipeline.ts";

interface Watched {
  readonly worker: Service;
  readonly trigger: Subscription;
  readonly deadLetterSubscription: Subscription;
}

/** Four alarms, a page, and with an address an e-mail and a budget. All of it is free at this size. */
export function createObservability(
  scope: Scope,
  args: GcpTrainingPipelineArgs,
  { worker, trigger, deadLetterSubscription }: Watched,
): pulumi.Output<string> {
  const channels = args.alertEmail === undefined ? [] : [createChannel(scope, args.alertEmail)];
  createBudget(scope, args, channels);
  const ofSubscription = (subscription: Subscription, metric: string) =>
    pulumi.interpolate`metric.type="pubsub.googleapis.com/subscription/${metric}" AND resource.type="pubsub_subscription" AND resource.labels.subscription_id="${subscription.name}"`;
  const ofWorker = (metric: string, more = "") =>
    pulumi.interpolate`metric.type="run.googleapis.com/${metric}" AND resource.type="cloud_run_revision" AND resource.labels.service_name="${worker.name}"${more}`;
  const requests = (codes: string) => ofWorker("request_count", ` AND metric.labels.${codes}`);

  const alarm = (index: string, filter: pulumi.Output<string>, threshold: number, aligner: string, words: string) =>
    scope.create(
      AlertPolicy,
      "alarm",
      {
        displayName: `${scope.name}: ${words}`,
        combiner: "OR",
        notificationChannels: channels.map(({ id }) => id),
        conditions: [
          {
            displayName: words,
            conditionThreshold: {
              filter,
              comparison: "COMPARISON_GT",
              thresholdValue: threshold,
              duration: "0s",
              aggregations: [{ alignmentPeriod: "60s", perSeriesAligner: aligner }],
            },
          },
        ],
        userLabels: scope.tags,
      },
      { index },
    );
  const dead = ofSubscription(deadLetterSubscription, "num_undelivered_messages");
  const age = ofSubscription(trigger, "oldest_unacked_message_age");
  const errors = requests('response_code_class="5xx"');
  const throttles = requests('response_code="429"');
  alarm("dead-letters", dead, 0, "ALIGN_MAX", "A task failed too often and is a dead letter.");
  alarm("age", age, oldestTaskSeconds, "ALIGN_MAX", "A task has been waiting for more than an hour.");
  alarm("errors", errors, 0, "ALIGN_DELTA", "A worker ended with an error.");
  alarm("throttles", throttles, 0, "ALIGN_DELTA", "A worker could not start: all instances are busy.");

  const chart = (title: string, aligner: string, ...filters: pulumi.Output<string>[]) => ({
    title,
    xyChart: {
      dataSets: filters.map((filter) => ({
        plotType: "LINE",
        timeSeriesQuery: {
          timeSeriesFilter: { filter, aggregation: { alignmentPeriod: "60s", perSeriesAligner: aligner } },
        },
      })),
    },
  });
  const dashboard = scope.create(Dashboard, "dashboard", {
    dashboardJson: json({
      displayName: pulumi.interpolate`Trivet ${scope.tags[pipelineTag]!}`,
      gridLayout: {
        columns: "2",
        widgets: [
          chart("Waiting tasks, dead letters", "ALIGN_MAX", ofSubscription(trigger, "num_undelivered_messages"), dead),
          chart("Age of the oldest task, s", "ALIGN_MAX", age),
          chart("Workers at the same time", "ALIGN_MAX", ofWorker("container/instance_count")),
          chart("Errors and throttles", "ALIGN_DELTA", errors, throttles),
        ],
      },
    }),
  });
  const id = dashboard.id.apply((whole) => whole.split("/").at(-1)!);
  return pulumi.interpolate`https://console.cloud.google.com/monitoring/dashboards/builder/${id}?project=${dashboard.project}`;
}

function createChannel(scope: Scope, address: pulumi.Input<string>): NotificationChannel {
  return scope.create(NotificationChannel, "alertEmail", {
    displayName: `${scope.name}: alerts`,
    type: "email",
    labels: { email_address: scope.gate(address) },
    userLabels: scope.tags,
  });
}

function createBudget(scope: Scope, args: GcpTrainingPipelineArgs, channels: NotificationChannel[]): void {
  if (args.monthlyBudgetDollars === undefined) return;
  scope.create(Budget, "budget", {
    billingAccount: scope.gate(args.billingAccount!),
    displayName: `${scope.name}: budget`,
    amount: { specifiedAmount: { currencyCode: "USD", units: scope.gate(args.monthlyBudgetDollars).apply(String) } },
    budgetFilter: { calendarPeriod: "MONTH", labels: { [pipelineTag]: scope.tags[pipelineTag]! } },
    thresholdRules: [{ thresholdPercent: 0.8 }, { thresholdPercent: 1, spendBasis: "FORECASTED_SPEND" }],
    allUpdatesRule: { monitoringNotificationChannels: channels.map(({ id }) => id), disableDefaultIamRecipients: true },
  });
}
