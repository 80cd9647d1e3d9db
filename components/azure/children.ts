import type * as app from "@pulumi/azure-native/app/index.js";
import type * as applicationinsights from "@pulumi/azure-native/applicationinsights/index.js";
import type * as authorization from "@pulumi/azure-native/authorization/index.js";
import type * as consumption from "@pulumi/azure-native/consumption/index.js";
import type * as containerregistry from "@pulumi/azure-native/containerregistry/index.js";
import type * as eventgrid from "@pulumi/azure-native/eventgrid/index.js";
import type * as managedidentity from "@pulumi/azure-native/managedidentity/index.js";
import type * as monitor from "@pulumi/azure-native/monitor/index.js";
import type * as network from "@pulumi/azure-native/network/index.js";
import type * as operationalinsights from "@pulumi/azure-native/operationalinsights/index.js";
import type * as resources from "@pulumi/azure-native/resources/index.js";
import type * as storage from "@pulumi/azure-native/storage/index.js";
import type { Image } from "@pulumi/docker-build";
import { type NameRule, unnamed } from "../naming.ts";
import type { Nodes, Transform } from "../scope.ts";

/** Every child of a pipeline on Azure that there is once. */
interface Single {
  resourceGroup: typeof resources.ResourceGroup;
  account: typeof storage.StorageAccount;
  blobService: typeof storage.BlobServiceProperties;
  container: typeof storage.BlobContainer;
  lifecycle: typeof storage.ManagementPolicy;
  queue: typeof storage.Queue;
  deadLetters: typeof storage.Queue;
  newDataTopic: typeof eventgrid.SystemTopic;
  newDataSender: typeof authorization.RoleAssignment;
  newData: typeof eventgrid.SystemTopicEventSubscription;
  registry: typeof containerregistry.Registry;
  image: typeof Image;
  workspace: typeof operationalinsights.Workspace;
  environmentLogs: typeof monitor.DiagnosticSetting;
  queueLogs: typeof monitor.DiagnosticSetting;
  environment: typeof app.ManagedEnvironment;
  network: typeof network.VirtualNetwork;
  subnet: typeof network.Subnet;
  workerIdentity: typeof managedidentity.UserAssignedIdentity;
  workerPull: typeof authorization.RoleAssignment;
  workerObjects: typeof authorization.RoleAssignment;
  workerTasks: typeof authorization.RoleAssignment;
  workerDeadLetters: typeof authorization.RoleAssignment;
  worker: typeof app.Job;
  functionsWorker: typeof app.ContainerApp;
  hostAccount: typeof storage.StorageAccount;
  hostStorage: typeof authorization.RoleAssignment;
  submitterIdentity: typeof managedidentity.UserAssignedIdentity;
  submitterPull: typeof authorization.RoleAssignment;
  submitterObjects: typeof authorization.RoleAssignment;
  submitterTasks: typeof authorization.RoleAssignment;
  predictorIdentity: typeof managedidentity.UserAssignedIdentity;
  predictorPull: typeof authorization.RoleAssignment;
  predictorObjects: typeof authorization.RoleAssignment;
  predictor: typeof app.ContainerApp;
  predictorAuthentication: typeof app.ContainerAppsAuthConfig;
  alerts: typeof monitor.ActionGroup;
  throttleAlarm: typeof monitor.MetricAlert;
  dashboard: typeof applicationinsights.Workbook;
  budget: typeof consumption.Budget;
}

/** Every child of which there may be several. */
interface Several {
  submitter: typeof authorization.RoleAssignment;
  schedule: typeof app.Job;
  alarm: typeof monitor.ScheduledQueryRule;
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
