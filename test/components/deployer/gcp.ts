/**
 * Google's roles that deploying takes, by the type of resource; on the project where nothing else is said.
 * docs.cloud.google.com/iam/docs/roles-permissions
 */
export const gcpRights: Readonly<Record<string, readonly string[]>> = {
  "gcp:projects/service:Service": ["roles/serviceusage.serviceUsageAdmin"],
  "gcp:projects/serviceIdentity:ServiceIdentity": ["roles/serviceusage.serviceUsageAdmin"],
  "gcp:storage/bucket:Bucket": ["roles/storage.admin"],
  "gcp:storage/bucketIAMMember:BucketIAMMember": ["roles/storage.admin"],
  "gcp:storage/notification:Notification": ["roles/storage.admin"],
  "gcp:pubsub/topic:Topic": ["roles/pubsub.admin"],
  "gcp:pubsub/topicIAMMember:TopicIAMMember": ["roles/pubsub.admin"],
  "gcp:pubsub/subscription:Subscription": ["roles/pubsub.admin"],
  "gcp:pubsub/subscriptionIAMMember:SubscriptionIAMMember": ["roles/pubsub.admin"],
  "gcp:artifactregistry/repository:Repository": ["roles/artifactregistry.admin"],
  "docker-build:index:Image": ["roles/artifactregistry.admin"],
  "gcp:serviceaccount/account:Account": ["roles/iam.serviceAccountAdmin"],
  "gcp:serviceaccount/iAMMember:IAMMember": ["roles/iam.serviceAccountAdmin"],
  // A service runs as an account, and a subscription pushes as one: whoever makes them must be allowed to act as it.
  "gcp:cloudrunv2/service:Service": ["roles/run.admin", "roles/iam.serviceAccountUser"],
  "gcp:cloudrunv2/serviceIamMember:ServiceIamMember": ["roles/run.admin"],
  "gcp:cloudscheduler/job:Job": ["roles/cloudscheduler.admin"],
  "gcp:logging/projectBucketConfig:ProjectBucketConfig": ["roles/logging.configWriter"],
  "gcp:logging/projectExclusion:ProjectExclusion": ["roles/logging.configWriter"],
  "gcp:logging/projectSink:ProjectSink": ["roles/logging.configWriter"],
  "gcp:monitoring/alertPolicy:AlertPolicy": ["roles/monitoring.editor"],
  "gcp:monitoring/dashboard:Dashboard": ["roles/monitoring.editor"],
  "gcp:monitoring/notificationChannel:NotificationChannel": ["roles/monitoring.editor"],
  "gcp:billing/budget:Budget": ["roles/billing.costsManager on the billing account"],
  "gcp:compute/network:Network": ["roles/compute.networkAdmin"],
  "gcp:compute/subnetwork:Subnetwork": ["roles/compute.networkAdmin"],
  "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember": ["roles/cloudkms.admin on the key"],
};

/** The roles of who deploys these types of resources, in order. */
export function gcpRoles(types: Iterable<string>): string[] {
  return [...new Set([...types].flatMap((type) => gcpRights[type] ?? []))].sort();
}
