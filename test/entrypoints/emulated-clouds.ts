import { openObjectStore as openS3 } from "../../worker-runtime/src/clouds/aws/object-store.ts";
import { openTaskQueue as openSqs } from "../../worker-runtime/src/clouds/aws/task-queue.ts";
import { openObjectStore as openBlobs } from "../../worker-runtime/src/clouds/azure/object-store.ts";
import { openTaskQueue as openStorageQueue } from "../../worker-runtime/src/clouds/azure/task-queue.ts";
import type { Platform } from "../../worker-runtime/src/clouds/configuration.ts";
import { openObjectStore as openGcs } from "../../worker-runtime/src/clouds/gcp/object-store.ts";
import { openTaskSource, openTaskQueue as openTopic } from "../../worker-runtime/src/clouds/gcp/task-queue.ts";
import type { ObjectStore } from "../../worker-runtime/src/ports/object-store.ts";
import type { TaskQueue, TaskSource } from "../../worker-runtime/src/ports/task-queue.ts";
import {
  makeBlobContainer,
  makeGcsBucket,
  makePubSubTopic,
  makeS3Bucket,
  makeSqsQueue,
  makeStorageQueue,
} from "../support/cloud-places.ts";
import { type Emulator, startAzurite, startFakeGcsServer, startMoto, startPubSub } from "../support/emulators.ts";
import { type Tool, tools } from "../tools/tools.ts";

/** A platform's store and queue in emulators, as its deployed worker and whoever submits jobs reach them. */
export interface EmulatedCloud {
  readonly store: ObjectStore;
  readonly queue: TaskQueue;
  readonly source: TaskSource;
  /** All that the worker's environment holds. */
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export const emulatedClouds: Readonly<
  Record<Platform, { readonly needs: readonly Tool[]; start(): Promise<EmulatedCloud> }>
> = {
  "aws-lambda": {
    needs: [tools.moto, tools.lambdaEmulator],
    async start() {
      const moto = await startMoto();
      const options = { endpoint: moto.url };
      const [bucket, address] = [await makeS3Bucket(moto.url), await makeSqsQueue(moto.url)];
      const queue = openSqs(address, options);
      return {
        ...{ store: openS3(bucket, options), queue, source: queue, stop: moto.stop },
        environment: {
          TRIVET_PLATFORM: "aws-lambda",
          TRIVET_STORE: bucket,
          TRIVET_QUEUE: address,
          AWS_ENDPOINT_URL: moto.url,
          // As Lambda sets them.
          AWS_REGION: "us-east-1",
          AWS_ACCESS_KEY_ID: "test",
          AWS_SECRET_ACCESS_KEY: "test",
        },
      };
    },
  },
  "gcp-cloud-run": {
    needs: [tools.fakeGcsServer, tools.pubSub],
    async start() {
      const [storage, pubSub] = [await startFakeGcsServer(), await startPubSub()];
      const bucket = await makeGcsBucket(storage.url);
      const { topic, subscription } = await makePubSubTopic(pubSub.url);
      return {
        store: openGcs(bucket, { endpoint: storage.url }),
        queue: openTopic(topic, { endpoint: pubSub.url }),
        source: openTaskSource(subscription, { endpoint: pubSub.url }),
        environment: {
          TRIVET_PLATFORM: "gcp-cloud-run",
          TRIVET_STORE: bucket,
          TRIVET_QUEUE: topic,
          CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: storage.url,
          CLOUDSDK_API_ENDPOINT_OVERRIDES_PUBSUB: pubSub.url,
        },
        stop: stopAll(storage, pubSub),
      };
    },
  },
  "azure-job": { needs: [tools.azurite], start: () => startAzure("azure-job") },
  "azure-functions": { needs: [tools.azurite], start: () => startAzure("azure-functions") },
};

async function startAzure(platform: Platform): Promise<EmulatedCloud> {
  const azurite = await startAzurite();
  const container = await makeBlobContainer(azurite.url);
  const [address, deadLetters] = [await makeStorageQueue(azurite.queueUrl), await makeStorageQueue(azurite.queueUrl)];
  const queue = openStorageQueue(address);
  return {
    ...{ store: openBlobs(container), queue, source: queue, stop: azurite.stop },
    environment: {
      TRIVET_PLATFORM: platform,
      TRIVET_STORE: container,
      TRIVET_QUEUE: address,
      TRIVET_DEAD_LETTER_QUEUE: deadLetters,
    },
  };
}

function stopAll(...emulators: readonly Emulator[]): () => Promise<void> {
  return async () => {
    await Promise.all(emulators.map(({ stop }) => stop()));
  };
}
