/** Resources in a policy, and the actions on them that making, reading, changing and removing one type of thing takes. */
type Rights = Readonly<Record<string, readonly string[]>>;

// What Pulumi names begins with the pipeline's name, which is `training` in the shipped stacks.
const arn = (service: string, resource: string) => `arn:aws:${service}:*:*:${resource}`;
const global = (service: string, resource: string) => `arn:aws:${service}::*:${resource}`;
const bucket = "arn:aws:s3:::training-*";
const queue = arn("sqs", "training-*");
const lambda = arn("lambda", "function:training-*");
const mapping = arn("lambda", "event-source-mapping:*");
const role = global("iam", "role/training-*");
const policy = global("iam", "policy/training-*");
const repository = arn("ecr", "repository/training-*");
const topic = arn("sns", "training-*");
/** Not of one thing: AWS gives these actions no resource, or the thing has a name that nobody can foresee. */
const any = "*";

const queueRights: Rights = {
  [queue]: [
    ...["sqs:CreateQueue", "sqs:DeleteQueue", "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ListQueueTags"],
    ...["sqs:SetQueueAttributes", "sqs:TagQueue", "sqs:UntagQueue"],
  ],
};
const topicRights: Rights = {
  [topic]: [
    ...["sns:CreateTopic", "sns:DeleteTopic", "sns:GetTopicAttributes", "sns:ListTagsForResource"],
    ...["sns:SetTopicAttributes", "sns:TagResource", "sns:UntagResource"],
  ],
};
const put = (...names: string[]): Rights => ({ [bucket]: names.flatMap((name) => [`s3:Get${name}`, `s3:Put${name}`]) });
const ec2 = (...names: string[]): Rights => ({
  [any]: [...names.map((name) => `ec2:${name}`), "ec2:CreateTags", "ec2:DeleteTags"],
});

/** What deploying takes on AWS, by the type of resource. */
export const awsRights: Readonly<Record<string, Rights>> = {
  "aws:s3/bucket:Bucket": {
    [bucket]: [
      ...["s3:CreateBucket", "s3:DeleteBucket", "s3:ListBucket", "s3:ListBucketVersions"],
      ...["s3:ListTagsForResource", "s3:TagResource", "s3:UntagResource", "s3:GetBucketTagging", "s3:PutBucketTagging"],
      // The provider reads all settings of a bucket, also those that are resources of their own or not used.
      ...["s3:GetAccelerateConfiguration", "s3:GetBucketAcl", "s3:GetBucketCORS", "s3:GetBucketLogging"],
      ...["s3:GetBucketObjectLockConfiguration", "s3:GetBucketPolicy", "s3:GetBucketRequestPayment"],
      ...["s3:GetBucketVersioning", "s3:GetBucketWebsite", "s3:GetEncryptionConfiguration"],
      ...["s3:GetLifecycleConfiguration", "s3:GetReplicationConfiguration"],
    ],
    // A destroy with all data.
    [`${bucket}/*`]: ["s3:DeleteObject", "s3:DeleteObjectVersion"],
  },
  "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": put("LifecycleConfiguration"),
  "aws:s3/bucketNotification:BucketNotification": put("BucketNotification"),
  "aws:s3/bucketOwnershipControls:BucketOwnershipControls": put("BucketOwnershipControls"),
  "aws:s3/bucketPolicy:BucketPolicy": {
    [bucket]: ["s3:DeleteBucketPolicy", "s3:GetBucketPolicy", "s3:PutBucketPolicy"],
  },
  "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": put("BucketPublicAccessBlock"),
  "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration":
    put("EncryptionConfiguration"),
  "aws:s3/bucketVersioning:BucketVersioning": put("BucketVersioning"),

  "aws:sqs/queue:Queue": queueRights,
  "aws:sqs/queuePolicy:QueuePolicy": queueRights,
  "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": queueRights,

  "aws:ecr/repository:Repository": {
    [repository]: [
      ...["ecr:CreateRepository", "ecr:DeleteRepository", "ecr:DescribeRepositories", "ecr:ListTagsForResource"],
      ...["ecr:PutImageScanningConfiguration", "ecr:PutImageTagMutability", "ecr:TagResource", "ecr:UntagResource"],
    ],
  },
  "aws:ecr/lifecyclePolicy:LifecyclePolicy": {
    [repository]: ["ecr:DeleteLifecyclePolicy", "ecr:GetLifecyclePolicy", "ecr:PutLifecyclePolicy"],
  },
  "docker-build:index:Image": {
    [any]: ["ecr:GetAuthorizationToken"],
    [repository]: [
      ...["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload"],
      ...["ecr:GetDownloadUrlForLayer", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart"],
    ],
  },

  "aws:cloudwatch/logGroup:LogGroup": {
    [arn("logs", "log-group:training-*")]: [
      ...["logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:DeleteRetentionPolicy", "logs:ListTagsForResource"],
      ...["logs:PutRetentionPolicy", "logs:TagResource", "logs:UntagResource"],
    ],
    [any]: ["logs:DescribeLogGroups"],
  },
  "aws:cloudwatch/metricAlarm:MetricAlarm": {
    [arn("cloudwatch", "alarm:training-*")]: [
      ...["cloudwatch:DeleteAlarms", "cloudwatch:DescribeAlarms", "cloudwatch:ListTagsForResource"],
      ...["cloudwatch:PutMetricAlarm", "cloudwatch:TagResource", "cloudwatch:UntagResource"],
    ],
  },
  "aws:cloudwatch/dashboard:Dashboard": {
    [global("cloudwatch", "dashboard/training-*")]: [
      ...["cloudwatch:DeleteDashboards", "cloudwatch:GetDashboard", "cloudwatch:PutDashboard"],
    ],
  },

  "aws:iam/role:Role": {
    [role]: [
      ...["iam:CreateRole", "iam:DeleteRole", "iam:GetRole", "iam:ListAttachedRolePolicies"],
      ...["iam:ListInstanceProfilesForRole", "iam:ListRolePolicies", "iam:PassRole", "iam:TagRole", "iam:UntagRole"],
      ...["iam:UpdateAssumeRolePolicy", "iam:UpdateRole"],
    ],
  },
  "aws:iam/rolePolicy:RolePolicy": { [role]: ["iam:DeleteRolePolicy", "iam:GetRolePolicy", "iam:PutRolePolicy"] },
  "aws:iam/rolePolicyAttachment:RolePolicyAttachment": {
    [role]: ["iam:AttachRolePolicy", "iam:DetachRolePolicy", "iam:ListAttachedRolePolicies"],
  },
  "aws:iam/policy:Policy": {
    [policy]: [
      ...["iam:CreatePolicy", "iam:CreatePolicyVersion", "iam:DeletePolicy", "iam:DeletePolicyVersion"],
      ...["iam:GetPolicy", "iam:GetPolicyVersion", "iam:ListPolicyVersions", "iam:TagPolicy", "iam:UntagPolicy"],
    ],
  },

  "aws:lambda/function:Function": {
    [lambda]: [
      ...["lambda:CreateFunction", "lambda:DeleteFunction", "lambda:GetFunction"],
      ...["lambda:GetFunctionCodeSigningConfig", "lambda:GetFunctionConfiguration", "lambda:ListTags"],
      ...["lambda:ListVersionsByFunction", "lambda:PublishVersion", "lambda:TagResource", "lambda:UntagResource"],
      ...["lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration"],
    ],
    // Lambda lets itself pull the image, in the name of who makes the function.
    [repository]: [
      ...["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:GetRepositoryPolicy", "ecr:SetRepositoryPolicy"],
    ],
  },
  "aws:lambda/functionRecursionConfig:FunctionRecursionConfig": {
    [lambda]: ["lambda:GetFunctionRecursionConfig", "lambda:PutFunctionRecursionConfig"],
  },
  "aws:lambda/alias:Alias": {
    [lambda]: ["lambda:CreateAlias", "lambda:DeleteAlias", "lambda:GetAlias", "lambda:UpdateAlias"],
  },
  "aws:lambda/eventSourceMapping:EventSourceMapping": {
    [any]: ["lambda:CreateEventSourceMapping"],
    [mapping]: [
      ...["lambda:DeleteEventSourceMapping", "lambda:GetEventSourceMapping", "lambda:ListTags"],
      ...["lambda:TagResource", "lambda:UntagResource", "lambda:UpdateEventSourceMapping"],
    ],
  },
  "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig": {
    [lambda]: [
      ...["lambda:DeleteProvisionedConcurrencyConfig", "lambda:GetProvisionedConcurrencyConfig"],
      "lambda:PutProvisionedConcurrencyConfig",
    ],
  },
  "aws:lambda/functionUrl:FunctionUrl": {
    [lambda]: [
      ...["lambda:CreateFunctionUrlConfig", "lambda:DeleteFunctionUrlConfig"],
      ...["lambda:GetFunctionUrlConfig", "lambda:UpdateFunctionUrlConfig"],
    ],
  },
  "aws:lambda/permission:Permission": {
    [lambda]: ["lambda:AddPermission", "lambda:GetPolicy", "lambda:RemovePermission"],
  },

  "aws:sns/topic:Topic": topicRights,
  "aws:sns/topicPolicy:TopicPolicy": topicRights,
  "aws:sns/topicSubscription:TopicSubscription": {
    [topic]: ["sns:Subscribe"],
    [any]: ["sns:GetSubscriptionAttributes", "sns:SetSubscriptionAttributes", "sns:Unsubscribe"],
  },
  "aws:budgets/budget:Budget": {
    [global("budgets", "budget/training-*")]: [
      ...["budgets:ListTagsForResource", "budgets:ModifyBudget", "budgets:TagResource", "budgets:UntagResource"],
      "budgets:ViewBudget",
    ],
  },
  "aws:scheduler/schedule:Schedule": {
    [arn("scheduler", "schedule/default/training-*")]: [
      ...["scheduler:CreateSchedule", "scheduler:DeleteSchedule", "scheduler:GetSchedule", "scheduler:UpdateSchedule"],
    ],
  },

  "aws:ec2/vpc:Vpc": ec2(
    ...["CreateVpc", "DeleteVpc", "DescribeVpcs", "DescribeVpcAttribute", "ModifyVpcAttribute"],
    ...["DescribeAvailabilityZones", "DescribeNetworkAcls", "DescribeRouteTables", "DescribeSecurityGroups"],
  ),
  "aws:ec2/subnet:Subnet": ec2("CreateSubnet", "DeleteSubnet", "DescribeSubnets", "ModifySubnetAttribute"),
  "aws:ec2/routeTable:RouteTable": ec2("CreateRouteTable", "DeleteRouteTable", "DescribeRouteTables"),
  "aws:ec2/routeTableAssociation:RouteTableAssociation": ec2("AssociateRouteTable", "DisassociateRouteTable"),
  "aws:ec2/securityGroup:SecurityGroup": ec2(
    ...["CreateSecurityGroup", "DeleteSecurityGroup", "DescribeSecurityGroups", "DescribeNetworkInterfaces"],
    ...["AuthorizeSecurityGroupEgress", "AuthorizeSecurityGroupIngress"],
    ...["RevokeSecurityGroupEgress", "RevokeSecurityGroupIngress"],
  ),
  "aws:ec2/vpcEndpoint:VpcEndpoint": ec2(
    ...["CreateVpcEndpoint", "DeleteVpcEndpoints", "DescribePrefixLists", "DescribeVpcEndpoints", "ModifyVpcEndpoint"],
  ),
};

/** The policy of who deploys these types of resources: a JSON document with its actions and statements in order. */
export function awsPolicy(types: Iterable<string>): string {
  const byResource = new Map<string, Set<string>>();
  for (const type of types)
    for (const [resource, actions] of Object.entries(awsRights[type] ?? {}))
      byResource.set(resource, new Set([...(byResource.get(resource) ?? []), ...actions]));
  const Statement = [...byResource]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([Resource, actions]) => ({
      Effect: "Allow",
      Action: [...actions].sort(),
      Resource,
    }));
  return JSON.stringify({ Version: "2012-10-17", Statement });
}
