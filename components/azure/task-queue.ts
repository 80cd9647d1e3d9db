import { Queue as StorageQueue } from "@pulumi/azure-native/storage/queue.js";
import * as pulumi from "@pulumi/pulumi";
import type { Scope } from "../scope.ts";
import type { Store } from "./object-store.ts";

/** A queue in the pipeline's account. */
export interface Queue {
  readonly name: string;
  /** Scope of rights on it. */
  readonly id: pulumi.Output<string>;
  readonly url: pulumi.Output<string>;
  readonly resource: StorageQueue;
}

/** The tasks, and the tasks that failed too often: the Functions host and the job both want that name. */
export function createTaskQueue(scope: Scope, store: Store): { queue: Queue; deadLetters: Queue } {
  const create = (child: string, name: string): Queue => ({
    name,
    id: pulumi.interpolate`${store.accountId}/queueServices/default/queues/${name}`,
    url: pulumi.interpolate`${store.queueServiceUrl}${name}`,
    resource: scope.create(StorageQueue, child, {
      resourceGroupName: store.accountGroup,
      accountName: store.accountName,
      queueName: name,
    }),
  });
  return { queue: create("queue", "tasks"), deadLetters: create("deadLetters", "tasks-poison") };
}
