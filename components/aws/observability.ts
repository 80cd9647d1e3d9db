import { Budget } from "@pulumi/aws/budgets/budget.js";
import { Dashboard } from "@pulumi/aws/cloudwatch/dashboard.js";
import { MetricAlarm } from "@pulumi/aws/cloudwatch/metricAlarm.js";
import type { Function as LambdaFunction } from "@pulumi/aws/lambda/function.js";
import { Topic } from "@pulumi/aws/sns/topic.js";
import { TopicPolicy } from "@pulumi/aws/sns/topicPolicy.js";
import { TopicSubscription } from "@pulumi/aws/sns/topicSubscription.js";
import type { Queue } from "@pulumi/aws/sqs/queue.js";
import * as pulumi from "@pulumi/pulumi";
import { oldestTaskSeconds } from "../limits.ts";
import { json, type Scope } from "../scope.ts";
import { pipelineTag } from "../tags.ts";
import type { AwsTrainingPipelineArgs } from "./training-pipeline.ts";

interface Watched {
  readonly worker: LambdaFunction;
  readonly queue: Queue;
  readonly deadLetters: Queue;
}

type Metric = readonly [namespace: string, name: string, dimension: string, of: pulumi.Input<string>];

/** Four alarms, a page, and with an address an e-mail and a budget. An alarm costs 0.10 dollars a month, a page 3. */
export function createObservability(
  scope: Scope,
  args: AwsTrainingPipelineArgs,
  { worker, queue, deadLetters }: Watched,
): pulumi.Output<string> {
  const alerts = createAlerts(scope, args);
  createBudget(scope, args);
  const visible: Metric = ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue.name];
  const dead: Metric = ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", deadLetters.name];
  const age: Metric = ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", queue.name];
  const lambdaMetric = (name: string): Metric => ["AWS/Lambda", name, "FunctionName", worker.name];

  const alarm = (index: string, metric: Metric, statistic: "Maximum" | "Sum", threshold: number, description: string) =>
    scope.create(
      MetricAlarm,
      "alarm",
      {
        alarmDescription: description,
        namespace: metric[0],
        metricName: metric[1],
        dimensions: { [metric[2]]: metric[3] },
        statistic,
        period: 60,
        evaluationPeriods: 1,
        threshold,
        comparisonOperator: "GreaterThanThreshold",
        treatMissingData: "notBreaching",
        alarmActions: alerts ? [alerts.arn] : [],
        tags: scope.tags,
      },
      { index },
    );

  alarm("dead-letters", dead, "Maximum", 0, "A task failed too often and is a dead letter.");
  alarm("age", age, "Maximum", oldestTaskSeconds, "A task has been waiting for more than an hour.");
  alarm("errors", lambdaMetric("Errors"), "Sum", 0, "A worker ended with an error.");
  alarm(
    "throttles",
    lambdaMetric("Throttles"),
    "Sum",
    0,
    "A worker could not start: the account's concurrency is used up.",
  );

  const chart = (title: string, row: number, stat: string, ...metrics: Metric[]) => ({
    ...{ type: "metric", width: 12, height: 6, x: 12 * (row % 2), y: 6 * Math.floor(row / 2) },
    properties: { title, stat, period: 60, region: worker.region, view: "timeSeries", metrics },
  });
  const dashboard = scope.create(
    Dashboard,
    "dashboard",
    {
      dashboardName: scope.physicalName("pipeline", 255),
      dashboardBody: json({
        widgets: [
          chart("Waiting tasks, dead letters", 0, "Maximum", visible, dead),
          chart("Age of the oldest task, s", 1, "Maximum", age),
          chart("Workers at the same time", 2, "Maximum", lambdaMetric("ConcurrentExecutions")),
          chart("Errors and throttles", 3, "Sum", lambdaMetric("Errors"), lambdaMetric("Throttles")),
        ],
      }),
    },
    { ignoreChanges: ["dashboardName"] },
  );
  return pulumi.interpolate`https://${worker.region}.console.aws.amazon.com/cloudwatch/home#dashboards:name=${dashboard.dashboardName}`;
}

/** Where alarms go. Without an address there is no topic: it would tell nobody. */
function createAlerts(scope: Scope, args: AwsTrainingPipelineArgs): Topic | undefined {
  if (args.alertEmail === undefined) return undefined;
  const alerts = scope.create(Topic, "alerts", {
    // The AWS-managed key of SNS does not let CloudWatch in; docs.aws.amazon.com/AmazonCloudWatch: alarms to encrypted topics.
    ...(args.encryptionKey !== undefined && { kmsMasterKeyId: scope.gate(args.encryptionKey) }),
    tags: scope.tags,
  });
  scope.create(TopicPolicy, "alertsPolicy", {
    arn: alerts.arn,
    policy: json({
      Version: "2012-10-17",
      Statement: [
        {
          Sid: "Alarms",
          Effect: "Allow",
          Principal: { Service: "cloudwatch.amazonaws.com" },
          Action: "sns:Publish",
          Resource: alerts.arn,
          Condition: { StringEquals: { "aws:SourceAccount": alerts.arn.apply((arn) => arn.split(":")[4]!) } },
        },
        {
          Sid: "DenyWithoutTls",
          Effect: "Deny",
          Principal: "*",
          Action: "sns:Publish",
          Resource: alerts.arn,
          Condition: { Bool: { "aws:SecureTransport": "false" } },
        },
      ],
    }),
  });
  scope.create(TopicSubscription, "alertEmail", {
    topic: alerts.arn,
    protocol: "email",
    endpoint: scope.gate(args.alertEmail),
  });
  return alerts;
}

function createBudget(scope: Scope, args: AwsTrainingPipelineArgs): void {
  if (args.monthlyBudgetDollars === undefined) return;
  const notify = (threshold: number, notificationType: "ACTUAL" | "FORECASTED") => ({
    comparisonOperator: "GREATER_THAN",
    threshold,
    thresholdType: "PERCENTAGE",
    notificationType,
    subscriberEmailAddresses: [scope.gate(args.alertEmail!)],
  });
  scope.create(Budget, "budget", {
    budgetType: "COST",
    timeUnit: "MONTHLY",
    limitAmount: scope.gate(args.monthlyBudgetDollars).apply(String),
    limitUnit: "USD",
    costFilters: [
      { name: "TagKeyValue", values: [pulumi.interpolate`user:${pipelineTag}$${scope.tags[pipelineTag]!}`] },
    ],
    notifications: [notify(80, "ACTUAL"), notify(100, "FORECASTED")],
    tags: scope.tags,
  });
}
