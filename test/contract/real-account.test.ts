// The contract against a cloud account of your own, when these name its places. Nobody else may receive from the queue.
//   TRIVET_TEST_AWS_STORE     a bucket's name                    TRIVET_TEST_AWS_QUEUE    a queue's address
//   TRIVET_TEST_GCP_STORE     a bucket's name                    TRIVET_TEST_GCP_QUEUE    a topic's full name
//                                                                TRIVET_TEST_GCP_SOURCE   a pull subscription's full name
//   TRIVET_TEST_AZURE_STORE   a container's address              TRIVET_TEST_AZURE_QUEUE  a queue's address
// Credentials are whatever the SDK finds. Objects are written under contract/ and left to you to remove.
import { randomUUID } from "node:crypto";
import { describe } from "mocha";
import * as awsStore from "../../worker-runtime/src/clouds/aws/object-store.ts";
import * as awsQueue from "../../worker-runtime/src/clouds/aws/task-queue.ts";
import * as azureStore from "../../worker-runtime/src/clouds/azure/object-store.ts";
import * as azureQueue from "../../worker-runtime/src/clouds/azure/task-queue.ts";
import * as gcpStore from "../../worker-runtime/src/clouds/gcp/object-store.ts";
import * as gcpQueue from "../../worker-runtime/src/clouds/gcp/task-queue.ts";
import { systemClock } from "../../worker-runtime/src/clouds/local/clock.ts";
import type { ObjectStore } from "../../worker-runtime/src/ports/object-store.ts";
import type { TaskQueue, TaskSource } from "../../worker-runtime/src/ports/task-queue.ts";
import { prefixedStore } from "../support/prefixed-store.ts";
import { objectStoreContract } from "./object-store.ts";
import { taskQueueContract } from "./task-queue.ts";

const { env } = process;

const stores: Record<string, (place: string) => ObjectStore> = {
  TRIVET_TEST_AWS_STORE: (place) => awsStore.openObjectStore(place),
  TRIVET_TEST_GCP_STORE: (place) => gcpStore.openObjectStore(place),
  TRIVET_TEST_AZURE_STORE: (place) => azureStore.openObjectStore(place),
};

const queues: Record<string, (place: string) => TaskQueue & TaskSource> = {
  TRIVET_TEST_AWS_QUEUE: (place) => awsQueue.openTaskQueue(place),
  TRIVET_TEST_GCP_QUEUE(place) {
    const queue = gcpQueue.openTaskQueue(place);
    const source = gcpQueue.openTaskSource(env.TRIVET_TEST_GCP_SOURCE ?? "");
    return { send: queue.send.bind(queue), receive: source.receive.bind(source) };
  },
  TRIVET_TEST_AZURE_QUEUE: (place) => azureQueue.openTaskQueue(place),
};

for (const [variable, open] of Object.entries(stores)) {
  const place = env[variable];
  if (!place) continue;
  describe(`object store ${variable}`, function () {
    this.timeout(900_000);
    objectStoreContract(place, async () => {
      const prefix = `contract/${randomUUID()}/`;
      return { store: prefixedStore(open(place), prefix), other: prefixedStore(open(place), prefix) };
    });
  });
}

for (const [variable, open] of Object.entries(queues)) {
  const place = env[variable];
  if (!place) continue;
  describe(`task queue ${variable}`, function () {
    this.timeout(900_000);
    taskQueueContract(place, async () => {
      const queue = open(place);
      for (let left = await queue.receive(60); left; left = await queue.receive(60)) await left.acknowledge();
      return { queue, other: open(place), clock: systemClock };
    });
  });
}
