import { Job } from "@pulumi/azure-native/app/job.js";
import { SystemTopic } from "@pulumi/azure-native/eventgrid/systemTopic.js";
import { SystemTopicEventSubscription } from "@pulumi/azure-native/eventgrid/systemTopicEventSubscription.js";
import type { Scope } from "../scope.ts";
import { keyPrefixes, retrainMessage, variables, workerCommand } from "../worker-configuration.ts";
import type { Identity } from "./identity.ts";
import { grant } from "./roles.ts";
import type { AzureTrainingPipelineArgs } from "./training-pipeline.ts";
import { type ContainerParts, containerArgs, pullAs } from "./worker.ts";

/** Starts jobs again by the clock: a container that sends one message, and costs only its seconds. */
export function createSchedules(
  scope: Scope,
  args: AzureTrainingPipelineArgs,
  parts: ContainerParts,
  identity: Identity,
): void {
  const { place, environment } = parts;
  for (const { name, cron, job } of args.schedules ?? []) {
    const container = containerArgs(scope, "schedule", parts, {
      [variables.role]: "schedule",
      [variables.message]: scope.gate(job).apply((known) => retrainMessage(known, name)),
      AZURE_CLIENT_ID: identity.clientId,
    });
    scope.create(
      Job,
      "schedule",
      {
        ...place,
        environmentId: environment.id,
        workloadProfileName: "Consumption",
        identity: { type: "UserAssigned", userAssignedIdentities: [identity.id] },
        configuration: {
          triggerType: "Schedule",
          replicaTimeout: 300,
          replicaRetryLimit: 3,
          registries: pullAs(parts, identity),
          scheduleTriggerConfig: { cronExpression: scope.gate(cron), parallelism: 1, replicaCompletionCount: 1 },
        },
        template: { containers: [{ ...container, command: workerCommand, resources: { cpu: 0.25, memory: "0.5Gi" } }] },
        tags: scope.tags,
      },
      { index: name, dependsOn: [...identity.pull] },
    );
  }
}

/** Lets the account tell the queue of blobs that arrive under `incoming/`. */
export function createNewDataTrigger(
  scope: Scope,
  args: AzureTrainingPipelineArgs,
  { place, store, queue }: ContainerParts,
): void {
  if (!args.onNewData) return;
  const topic = scope.create(SystemTopic, "newDataTopic", {
    ...place,
    source: store.accountId,
    topicType: "Microsoft.Storage.StorageAccounts",
    identity: { type: "SystemAssigned" },
    tags: scope.tags,
  });
  const sender = grant(scope, "newDataSender", {
    role: "queueSender",
    on: queue.id,
    to: topic.identity.apply((own) => own?.principalId ?? ""),
  });
  scope.create(
    SystemTopicEventSubscription,
    "newData",
    {
      resourceGroupName: place.resourceGroupName,
      systemTopicName: topic.name,
      eventDeliverySchema: "CloudEventSchemaV1_0",
      filter: {
        includedEventTypes: ["Microsoft.Storage.BlobCreated"],
        subjectBeginsWith: `/blobServices/default/containers/data/blobs/${keyPrefixes.incoming}`,
      },
      deliveryWithResourceIdentity: {
        identity: { type: "SystemAssigned" },
        destination: {
          endpointType: "StorageQueue",
          resourceId: store.accountId,
          queueName: queue.name,
          queueMessageTimeToLiveInSeconds: -1,
        },
      },
    },
    { dependsOn: [sender, queue.resource] },
  );
}
