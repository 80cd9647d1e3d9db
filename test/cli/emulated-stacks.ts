import { openObjectStore as openS3 } from "../../worker-runtime/src/clouds/aws/object-store.ts";
import { openTaskQueue as openSqs } from "../../worker-runtime/src/clouds/aws/task-queue.ts";
import { openObjectStore as openBlobs } from "../../worker-runtime/src/clouds/azure/object-store.ts";
import { openTaskQueue as openStorageQueue } from "../../worker-runtime/src/clouds/azure/task-queue.ts";
import { otherVariables } from "../../worker-runtime/src/clouds/configuration.ts";
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
import { startAzurite, startFakeGcsServer, startMoto, startPubSub } from "../support/emulators.ts";
import { type Tool, tools } from "../tools/tools.ts";

/** A stack as `pulumi up` would leave it, in emulators, without the functions: those are the test's. */
export interface EmulatedStack {
  /** What `pulumi stack output --json` would print. */
  readonly outputs: Readonly<Record<string, string>>;
  /** What the command needs to find the emulators and to be let in. */
  readonly environment: Readonly<Record<string, string>>;
  readonly store: ObjectStore;
  readonly queue: TaskQueue;
  readonly source: TaskSource;
  /** Where the platform puts messages that were delivered too often. */
  readonly deadLetters: TaskQueue;
  stop(): Promise<void>;
}

const region = "us-east-1";

export const emulatedStacks: Readonly<
  Record<string, { readonly needs: readonly Tool[]; start(): Promise<EmulatedStack> }>
> = {
  AWS: {
    needs: [tools.moto],
    async start() {
      const { url, stop } = await startMoto();
      const [bucket, queueUrl, deadLetterQueueUrl] = [
        await makeS3Bucket(url),
        await makeSqsQueue(url),
        await makeSqsQueue(url),
      ];
      const options = { endpoint: url, region };
      const queue = openSqs(queueUrl, options);
      return {
        outputs: { cloud: "aws", region, storeUrl: `s3://${bucket}`, queueUrl, deadLetterQueueUrl },
        environment: { [otherVariables.awsEndpoint]: url },
        ...{
          store: openS3(bucket, options),
          queue,
          source: queue,
          deadLetters: openSqs(deadLetterQueueUrl, options),
          stop,
        },
      };
    },
  },
  "Google Cloud": {
    needs: [tools.fakeGcsServer, tools.pubSub],
    async start() {
      const [storage, pubSub] = [await startFakeGcsServer(), await startPubSub()];
      const [bucket, places, dead] = [
        await makeGcsBucket(storage.url),
        await makePubSubTopic(pubSub.url),
        await makePubSubTopic(pubSub.url),
      ];
      const options = { endpoint: pubSub.url };
      return {
        outputs: {
          ...{ cloud: "gcp", region: "europe-west1", storeUrl: `gs://${bucket}`, queueUrl: places.topic },
          deadLetterQueueUrl: dead.subscription,
        },
        environment: {
          [otherVariables.storageEndpoint]: storage.url,
          [otherVariables.pubSubEndpoint]: pubSub.url,
        },
        store: openGcs(bucket, { endpoint: storage.url }),
        queue: openTopic(places.topic, options),
        source: openTaskSource(places.subscription, options),
        deadLetters: openTopic(dead.topic, options),
        stop: async () => void (await Promise.all([storage.stop(), pubSub.stop()])),
      };
    },
  },
  Azure: {
    needs: [tools.azurite],
    async start() {
      const { url, queueUrl: accountUrl, stop } = await startAzurite();
      const [storeUrl, queueUrl, deadLetterQueueUrl] = [
        await makeBlobContainer(url),
        await makeStorageQueue(accountUrl),
        await makeStorageQueue(accountUrl),
      ];
      const queue = openStorageQueue(queueUrl);
      return {
        outputs: { cloud: "azure", region: "West Europe", storeUrl, queueUrl, deadLetterQueueUrl },
        environment: {},
        ...{
          store: openBlobs(storeUrl),
          queue,
          source: queue,
          deadLetters: openStorageQueue(deadLetterQueueUrl),
          stop,
        },
      };
    },
  },
};
