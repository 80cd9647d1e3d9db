import { ContainerApp } from "@pulumi/azure-native/app/containerApp.js";
import { Job } from "@pulumi/azure-native/app/job.js";
import { ManagedEnvironment } from "@pulumi/azure-native/app/managedEnvironment.js";
import { DiagnosticSetting } from "@pulumi/azure-native/monitor/diagnosticSetting.js";
import { StorageAccount } from "@pulumi/azure-native/storage/storageAccount.js";
import type { app as appInputs } from "@pulumi/azure-native/types/input.js";
import type * as pulumi from "@pulumi/pulumi";
import { stopSeconds } from "../limits.ts";
import type { Scope } from "../scope.ts";
import { quietTensorFlow, variables } from "../worker-configuration.ts";
import { allowWorker, createIdentity, type Identity, type Targets } from "./identity.ts";
import { closedAccount } from "./object-store.ts";
import type { Place } from "./place.ts";
import { grant } from "./roles.ts";
import type { AzureTrainingPipelineArgs } from "./training-pipeline.ts";

/** What containers of ours run in. */
export interface ContainerParts extends Targets {
  readonly place: Place;
  readonly environment: ManagedEnvironment;
  readonly imageUri: pulumi.Output<string>;
}

const gpuProfile = "gpu";

/** Where containers run: it bills nothing itself. */
export function createEnvironment(
  scope: Scope,
  args: AzureTrainingPipelineArgs,
  place: Place,
  subnetId: pulumi.Output<string> | undefined,
  workspaceId: pulumi.Output<string> | undefined,
): ManagedEnvironment {
  const environment = scope.create(ManagedEnvironment, "environment", {
    ...place,
    workloadProfiles: [
      { name: "Consumption", workloadProfileType: "Consumption" },
      ...(args.gpu ? [{ name: gpuProfile, workloadProfileType: "Consumption-GPU-NC8as-T4" }] : []),
    ],
    // Without a destination of logs, Container Apps would ask for a workspace's key.
    appLogsConfiguration: { destination: "azure-monitor" },
    ...(subnetId && { vnetConfiguration: { infrastructureSubnetId: subnetId } }),
    zoneRedundant: false,
    tags: scope.tags,
  });
  if (workspaceId)
    scope.create(DiagnosticSetting, "environmentLogs", {
      resourceUri: environment.id,
      workspaceId,
      logs: [
        { category: "ContainerAppConsoleLogs", enabled: true },
        { category: "ContainerAppSystemLogs", enabled: true },
      ],
    });
  return environment;
}

/** Cores and memory of a replica: Container Apps has 2 GiB with each core. */
export function replicaSize(memoryMib: number): { cpu: number; memory: string } {
  return { cpu: memoryMib / 2048, memory: `${memoryMib / 1024}Gi` };
}

/** The container that everything shares: the same image, store and queue. */
export function containerArgs(
  scope: Scope,
  name: string,
  { imageUri, store, queue }: ContainerParts,
  environment: Readonly<Record<string, pulumi.Input<string>>>,
) {
  const all: Record<string, pulumi.Input<string>> = {
    ...quietTensorFlow,
    [variables.platform]: "azure-job",
    [variables.queue]: queue.url,
    [variables.store]: store.containerUrl,
    [variables.taskTimeoutSeconds]: scope.settings.taskTimeoutSeconds.apply(String),
    ...environment,
  };
  return {
    name,
    image: imageUri,
    env: Object.entries(all).map(([key, value]) => ({ name: key, value })),
    resources: scope.settings.memoryMib.apply(replicaSize),
  };
}

/** How an identity pulls the image. */
export const pullAs = ({ registry }: Targets, { id }: Identity): appInputs.RegistryCredentialsArgs[] =>
  registry ? [{ server: registry.server, identity: id }] : [];

/** The worker: a job that KEDA starts per message, or a function app. Returns its name and whom it acts as. */
export function createWorker(scope: Scope, args: AzureTrainingPipelineArgs, parts: ContainerParts) {
  const identity = createIdentity(scope, "worker", parts.place, parts.registry);
  return args.host === "functions"
    ? createFunctionsWorker(scope, parts, identity)
    : createJobWorker(scope, args, parts, identity);
}

/** One execution takes messages until there are none, or until three tasks' time is over: starting one costs seconds. */
function createJobWorker(scope: Scope, args: AzureTrainingPipelineArgs, parts: ContainerParts, identity: Identity) {
  const { place, environment, store, queue, deadLetters } = parts;
  const { taskTimeoutSeconds, maxConcurrency, maxAttempts } = scope.settings;
  allowWorker(scope, parts, identity.principalId);
  const executionSeconds = taskTimeoutSeconds.apply((seconds) => 3 * (seconds + 60));
  const container = containerArgs(scope, "worker", parts, {
    [variables.role]: "worker",
    [variables.deadLetterQueue]: deadLetters.url,
    [variables.executionTimeoutSeconds]: executionSeconds.apply(String),
    [variables.maximumDeliveries]: maxAttempts.apply(String),
    // Which of the container's identities to use.
    AZURE_CLIENT_ID: identity.clientId,
  });
  const worker = scope.create(
    Job,
    "worker",
    {
      ...place,
      environmentId: environment.id,
      workloadProfileName: args.gpu ? gpuProfile : "Consumption",
      identity: { type: "UserAssigned", userAssignedIdentities: [identity.id] },
      configuration: {
        triggerType: "Event",
        replicaTimeout: executionSeconds.apply((seconds) => seconds + stopSeconds),
        // A message that was not removed comes again by itself.
        replicaRetryLimit: 0,
        registries: pullAs(parts, identity),
        eventTriggerConfig: {
          parallelism: 1,
          replicaCompletionCount: 1,
          scale: {
            minExecutions: 0,
            maxExecutions: maxConcurrency,
            pollingInterval: 30,
            rules: [
              {
                name: "tasks",
                type: "azure-queue",
                identity: identity.id,
                // Only what is visible starts executions: not what is being worked on, nor what waits to be tried again.
                metadata: {
                  accountName: store.accountName,
                  queueName: queue.name,
                  queueLength: "1",
                  queueLengthStrategy: "visibleonly",
                },
              },
            ],
          },
        },
      },
      template: {
        containers: [args.gpu ? { ...container, resources: { cpu: 8, memory: "56Gi", gpu: 1 } } : container],
      },
      tags: scope.tags,
    },
    { dependsOn: [queue.resource, deadLetters.resource, ...identity.pull] },
  );
  return { name: worker.name, principalId: identity.principalId };
}

/**
 * Azure's own Functions host around the worker. It reads the queue as its system identity: with a user-assigned one the
 * platform sometimes makes no scale rule, and messages wait for ever (microsoft/azure-container-apps#1633).
 */
function createFunctionsWorker(scope: Scope, parts: ContainerParts, identity: Identity) {
  const { place, environment, store, queue, deadLetters } = parts;
  const { taskTimeoutSeconds, maxConcurrency, warmInstances, maxAttempts } = scope.settings;
  // The host's own bookkeeping wants to own an account; not the one with the data.
  const hostAccount = scope.create(StorageAccount, "hostAccount", {
    ...place,
    ...closedAccount,
    sku: { name: "Standard_LRS" },
    tags: scope.tags,
  });
  const worker = scope.create(
    ContainerApp,
    "functionsWorker",
    {
      ...place,
      kind: "functionapp",
      managedEnvironmentId: environment.id,
      workloadProfileName: "Consumption",
      identity: { type: "SystemAssigned,UserAssigned", userAssignedIdentities: [identity.id] },
      configuration: {
        activeRevisionsMode: "Single",
        registries: pullAs(parts, identity),
        identitySettings: [{ identity: identity.id, lifecycle: "None" }],
        // Container Apps scales a function app only with ingress; inside the environment is enough.
        ingress: { external: false, targetPort: 80, allowInsecure: false, transport: "auto" },
      },
      template: {
        scale: { minReplicas: warmInstances, maxReplicas: maxConcurrency },
        terminationGracePeriodSeconds: 600,
        containers: [
          containerArgs(scope, "worker", parts, {
            [variables.platform]: "azure-functions",
            [variables.role]: "worker",
            [variables.functionsQueueName]: queue.name,
            [variables.functionsQueueService]: store.queueServiceUrl,
            AzureFunctionsJobHost__extensions__queues__maxDequeueCount: maxAttempts.apply(String),
            AzureFunctionsJobHost__functionTimeout: taskTimeoutSeconds.apply((seconds) => clock(seconds + stopSeconds)),
            AzureWebJobsStorage__accountName: hostAccount.name,
            FUNCTIONS_EXTENSION_VERSION: "~4",
            FUNCTIONS_WORKER_RUNTIME: "custom",
          }),
        ],
      },
      tags: scope.tags,
    },
    { dependsOn: [queue.resource, deadLetters.resource, ...identity.pull] },
  );
  const principalId = worker.identity.apply((own) => own?.principalId ?? "");
  allowWorker(scope, parts, principalId);
  grant(scope, "hostStorage", { role: "blobOwner", on: hostAccount.id, to: principalId });
  return { name: worker.name, principalId };
}

/** Seconds as the Functions host reads them: `hh:mm:ss`. */
function clock(seconds: number): string {
  return [seconds / 3600, (seconds / 60) % 60, seconds % 60]
    .map((part) => String(Math.floor(part)).padStart(2, "0"))
    .join(":");
}
