/** Types of ours that can carry tags or labels, and where. Checked against the providers' own types by a test. */
const tagProperty: Readonly<Record<string, string>> = {
  "aws:budgets/budget:Budget": "tags",
  "aws:cloudwatch/logGroup:LogGroup": "tags",
  "aws:cloudwatch/metricAlarm:MetricAlarm": "tags",
  "aws:ec2/routeTable:RouteTable": "tags",
  "aws:ec2/securityGroup:SecurityGroup": "tags",
  "aws:ec2/subnet:Subnet": "tags",
  "aws:ec2/vpc:Vpc": "tags",
  "aws:ec2/vpcEndpoint:VpcEndpoint": "tags",
  "aws:ecr/repository:Repository": "tags",
  "aws:iam/policy:Policy": "tags",
  "aws:iam/role:Role": "tags",
  "aws:lambda/eventSourceMapping:EventSourceMapping": "tags",
  "aws:lambda/function:Function": "tags",
  "aws:s3/bucket:Bucket": "tags",
  "aws:sns/topic:Topic": "tags",
  "aws:sqs/queue:Queue": "tags",
  "gcp:artifactregistry/repository:Repository": "labels",
  "gcp:cloudrunv2/service:Service": "labels",
  "gcp:monitoring/alertPolicy:AlertPolicy": "userLabels",
  "gcp:monitoring/notificationChannel:NotificationChannel": "userLabels",
  "gcp:pubsub/subscription:Subscription": "labels",
  "gcp:pubsub/topic:Topic": "labels",
  "gcp:storage/bucket:Bucket": "labels",
  "azure-native:app:ContainerApp": "tags",
  "azure-native:app:Job": "tags",
  "azure-native:app:ManagedEnvironment": "tags",
  "azure-native:applicationinsights:Workbook": "tags",
  "azure-native:containerregistry:Registry": "tags",
  "azure-native:eventgrid:SystemTopic": "tags",
  "azure-native:managedidentity:UserAssignedIdentity": "tags",
  "azure-native:monitor:ActionGroup": "tags",
  "azure-native:monitor:MetricAlert": "tags",
  "azure-native:monitor:ScheduledQueryRule": "tags",
  "azure-native:network:VirtualNetwork": "tags",
  "azure-native:operationalinsights:Workspace": "tags",
  "azure-native:resources:ResourceGroup": "tags",
  "azure-native:storage:StorageAccount": "tags",
};

export const taggableTypes: readonly string[] = Object.keys(tagProperty);

export const isTaggable = (type: string): boolean => type in tagProperty;

export function tagsOf(
  type: string,
  inputs: Readonly<Record<string, unknown>>,
): Readonly<Record<string, string>> | undefined {
  return inputs[tagProperty[type] ?? ""] as Record<string, string> | undefined;
}
