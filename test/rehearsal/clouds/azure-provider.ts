import type { BlobServiceClient } from "@azure/storage-blob";
import type { QueueServiceClient } from "@azure/storage-queue";
import type { RunningCloud } from "./cloud.ts";

/** Makes the container and the queues of a deployment in Azurite's one account, as the provider makes them in Azure. */
export function azureProvider(
  blobs: BlobServiceClient,
  queues: QueueServiceClient,
  urls: { readonly blob: string; readonly queue: string },
): Pick<RunningCloud, "make" | "remove" | "all"> {
  let count = 0;
  const newId = () => `00000000-0000-0000-0000-${String(++count).padStart(12, "0")}`;
  return {
    async make(type, inputs) {
      // The first account is the one with the data; the Functions host has another.
      if (type === "azure-native:storage:StorageAccount") return { primaryEndpoints: urls };
      if (type === "azure-native:storage:BlobContainer") await blobs.createContainer(String(inputs.containerName));
      if (type === "azure-native:storage:Queue") await queues.createQueue(String(inputs.queueName));
      // Each its own: the made-up ones are all the same.
      if (type === "azure-native:managedidentity:UserAssignedIdentity")
        return { principalId: newId(), clientId: newId() };
      return {};
    },

    async remove({ type, inputs }) {
      if (type === "azure-native:storage:BlobContainer") await blobs.deleteContainer(String(inputs.containerName));
      if (type === "azure-native:storage:Queue") await queues.deleteQueue(String(inputs.queueName));
    },

    async all() {
      const names: string[] = [];
      for await (const { name } of blobs.listContainers()) names.push(name);
      for await (const { name } of queues.listQueues()) names.push(name);
      return names;
    },
  };
}
