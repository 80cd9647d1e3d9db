import { BlobServiceClient, type StorageSharedKeyCredential } from "@azure/storage-blob";
import { QueueServiceClient } from "@azure/storage-queue";
import type { StubOptions, Thing } from "../components/stub-provider.ts";

/** Makes the container and the queues of a deployment in Azurite, whose one account stands for the one that is made. */
export class AzurePlaces implements StubOptions {
  readonly #blobs: BlobServiceClient;
  readonly #queues: QueueServiceClient;

  constructor(blobUrl: string, queueUrl: string) {
    const { credential } = BlobServiceClient.fromConnectionString("UseDevelopmentStorage=true");
    this.#blobs = new BlobServiceClient(blobUrl, credential as StorageSharedKeyCredential);
    this.#queues = new QueueServiceClient(queueUrl, credential as StorageSharedKeyCredential);
  }

  make = async (type: string, inputs: Readonly<Record<string, unknown>>) => {
    if (type === "azure-native:storage:StorageAccount")
      return { primaryEndpoints: { blob: slashed(this.#blobs.url), queue: slashed(this.#queues.url) } };
    if (type === "azure-native:storage:BlobContainer")
      await this.#blobs.getContainerClient(inputs.containerName as string).create();
    if (type === "azure-native:storage:Queue") await this.#queues.getQueueClient(inputs.queueName as string).create();
    return {};
  };

  remove = async ({ type, inputs }: Thing) => {
    if (type === "azure-native:storage:BlobContainer")
      await this.#blobs.getContainerClient(inputs.containerName as string).delete();
    if (type === "azure-native:storage:Queue") await this.#queues.getQueueClient(inputs.queueName as string).delete();
  };

  /** Names of all containers and queues that there are. */
  async all(): Promise<string[]> {
    const names: string[] = [];
    for await (const { name } of this.#blobs.listContainers()) names.push(name);
    for await (const { name } of this.#queues.listQueues()) names.push(name);
    return names;
  }

  /** Messages that somebody could take now, up to 32. */
  async visible(queueName: string): Promise<number> {
    const { peekedMessageItems } = await this.#queues.getQueueClient(queueName).peekMessages({ numberOfMessages: 32 });
    return peekedMessageItems.length;
  }
}

const slashed = (url: string) => (url.endsWith("/") ? url : `${url}/`);
