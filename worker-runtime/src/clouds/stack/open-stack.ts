import type { ObjectStore } from "../../ports/object-store.ts";
import type { TaskQueue } from "../../ports/task-queue.ts";
import { type Cloud, type StackOutputs, storeName } from "./outputs.ts";

/** A deployed stack as the command works with it. */
export interface Stack {
  readonly outputs: StackOutputs;
  readonly store: ObjectStore;
  readonly queue: TaskQueue;
  /** About how many tasks were put aside because they were delivered too often; undefined where the stack names no place. */
  countDeadLetters(): Promise<number | undefined>;
}

interface CloudModules {
  openCloud(
    places: { readonly store: string; readonly queue: string } & Settings,
  ): Promise<{ readonly store: ObjectStore; readonly queue: TaskQueue }>;
  countMessages(address: string, settings: Settings): Promise<number>;
}

interface Settings {
  readonly region?: string;
}

const load: Record<Cloud, () => Promise<CloudModules>> = {
  aws: async () => ({ ...(await import("../aws/open-cloud.ts")), ...(await import("../aws/count-messages.ts")) }),
  gcp: async () => ({ ...(await import("../gcp/open-cloud.ts")), ...(await import("../gcp/count-messages.ts")) }),
  azure: async () => ({ ...(await import("../azure/open-cloud.ts")), ...(await import("../azure/count-messages.ts")) }),
};

/** Opens a stack with its cloud's SDK, which is loaded only now. Asks nothing of the cloud yet. */
export async function openStack(outputs: StackOutputs): Promise<Stack> {
  const { cloud, region, queueUrl, deadLetterQueueUrl } = outputs;
  const { openCloud, countMessages } = await load[cloud]();
  const settings = region === undefined ? {} : { region };
  return {
    outputs,
    ...(await openCloud({ store: storeName(outputs), queue: queueUrl, ...settings })),
    countDeadLetters: async () =>
      deadLetterQueueUrl === undefined ? undefined : countMessages(deadLetterQueueUrl, settings),
  };
}
