import type { ContainerApp } from "@pulumi/azure-native/app/containerApp.js";
import type { ContainerAppsAuthConfig } from "@pulumi/azure-native/app/containerAppsAuthConfig.js";
import type { Job } from "@pulumi/azure-native/app/job.js";
import type { ManagedEnvironment } from "@pulumi/azure-native/app/managedEnvironment.js";
import type { Workbook } from "@pulumi/azure-native/applicationinsights/workbook.js";
import type { RoleAssignment } from "@pulumi/azure-native/authorization/roleAssignment.js";
import type { Budget } from "@pulumi/azure-native/consumption/budget.js";
import type { Registry as ContainerRegistry } from "@pulumi/azure-native/containerregistry/registry.js";
import type { SystemTopic } from "@pulumi/azure-native/eventgrid/systemTopic.js";
import type { SystemTopicEventSubscription } from "@pulumi/azure-native/eventgrid/systemTopicEventSubscription.js";
import type { UserAssignedIdentity } from "@pulumi/azure-native/managedidentity/userAssignedIdentity.js";
import type { ActionGroup } from "@pulumi/azure-native/monitor/actionGroup.js";
import type { DiagnosticSetting } from "@pulumi/azure-native/monitor/diagnosticSetting.js";
import type { MetricAlert } from "@pulumi/azure-native/monitor/metricAlert.js";
import type { ScheduledQueryRule } from "@pulumi/azure-native/monitor/scheduledQueryRule.js";
import type { Subnet } from "@pulumi/azure-native/network/subnet.js";
import type { VirtualNetwork } from "@pulumi/azure-native/network/virtualNetwork.js";
import type { Workspace } from "@pulumi/azure-native/operationalinsights/workspace.js";
import type { ResourceGroup } from "@pulumi/azure-native/resources/resourceGroup.js";
import type { BlobContainer } from "@pulumi/azure-native/storage/blobContainer.js";
import type { BlobServiceProperties } from "@pulumi/azure-native/storage/blobServiceProperties.js";
import type { ManagementPolicy } from "@pulumi/azure-native/storage/managementPolicy.js";
import type { Queue as StorageQueue } from "@pulumi/azure-native/storage/queue.js";
import type { StorageAccount } from "@pulumi/azure-native/storage/storageAccount.js";
import type { Image } from "@pulumi/docker-build";
import { type NameRule, unnamed } from "../naming.ts";
import type { Nodes, Transform } from "../scope.ts";

/** Every child of a pipeline on Azure that there is once. */
interface Single {
  resourceGroup: typeof ResourceGroup;
  account: typeof StorageAccount;
  blobService: typeof BlobServiceProperties;
  container: typeof BlobContainer;
  lifecycle: typeof ManagementPolicy;
  queue: typeof StorageQueue;
  deadLetters: typeof StorageQueue;
  newDataTopic: typeof SystemTopic;
  newDataSender: typeof RoleAssignment;
  newData: typeof SystemTopicEventSubscription;
  registry: typeof ContainerRegistry;
  image: typeof Image;
  workspace: typeof Workspace;
  environmentLogs: typeof DiagnosticSetting;
  queueLogs: typeof DiagnosticSetting;
  environment: typeof ManagedEnvironment;
  network: typeof VirtualNetwork;
  subnet: typeof Subnet;
  workerIdentity: typeof UserAssignedIdentity;
  workerPull: typeof RoleAssignment;
  workerObjects: typeof RoleAssignment;
  workerTasks: typeof RoleAssignment;
  workerDeadLetters: typeof RoleAssignment;
  worker: typeof Job;
  functionsWorker: typeof ContainerApp;
  hostAccount: typeof StorageAccount;
  hostStorage: typeof RoleAssignment;
  submitterIdentity: typeof UserAssignedIdentity;
  submitterPull: typeof RoleAssignment;
  submitterObjects: typeof RoleAssignment;
  submitterDeadLetters: typeof RoleAssignment;
  submitterTasks: typeof RoleAssignment;
  predictorIdentity: typeof UserAssignedIdentity;
  predictorPull: typeof RoleAssignment;
  predictorObjects: typeof RoleAssignment;
  predictor: typeof ContainerApp;
  predictorAuthentication: typeof ContainerAppsAuthConfig;
  alerts: typeof ActionGroup;
  throttleAlarm: typeof MetricAlert;
  dashboard: typeof Workbook;
  budget: typeof Budget;
}

/** Every child of which there may be several. */
interface Several {
  submitter: typeof RoleAssignment;
  schedule: typeof Job;
  alarm: typeof ScheduledQueryRule;
}

/** The children of a pipeline on Azure. What an option leaves out is undefined. */
export type AzureNodes = Nodes<Single, Several>;

/** For `transform`: arguments to lay over a child's own. */
export type AzureTransform = Transform<Single & Several>;

const named = (maximum: number): NameRule => ({ maximum, separator: "-", suffix: 8 });
const lettersAndDigits = (maximum: number): NameRule => ({ maximum, separator: "", suffix: 8 });

/** The longest name of each child that Pulumi's Azure provider names itself, as `name1a2b3c4d`, and whether it takes hyphens. */
export const nameRules: Readonly<Record<keyof AzureTransform, NameRule>> = {
  resourceGroup: named(90),
  account: lettersAndDigits(24),
  blobService: unnamed,
  container: unnamed,
  lifecycle: unnamed,
  queue: unnamed,
  deadLetters: unnamed,
  newDataTopic: named(50),
  newDataSender: unnamed,
  newData: named(64),
  registry: lettersAndDigits(50),
  image: unnamed,
  workspace: named(63),
  environmentLogs: named(260),
  queueLogs: named(260),
  environment: named(32),
  network: named(64),
  subnet: named(80),
  workerIdentity: named(64),
  workerPull: unnamed,
  workerObjects: unnamed,
  workerTasks: unnamed,
  workerDeadLetters: unnamed,
  worker: named(32),
  functionsWorker: named(32),
  hostAccount: lettersAndDigits(24),
  hostStorage: unnamed,
  submitterIdentity: named(64),
  submitterPull: unnamed,
  submitterObjects: unnamed,
  submitterDeadLetters: unnamed,
  submitterTasks: unnamed,
  submitter: unnamed,
  predictorIdentity: named(64),
  predictorPull: unnamed,
  predictorObjects: unnamed,
  predictor: named(32),
  predictorAuthentication: unnamed,
  schedule: named(32),
  alerts: named(260),
  alarm: named(260),
  throttleAlarm: named(260),
  dashboard: unnamed,
  budget: named(63),
};
