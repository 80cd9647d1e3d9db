import type { TaskSource } from "../../ports/task-queue.ts";
import type { Stack } from "./open-stack.ts";
import type { Cloud, StackOutputs } from "./outputs.ts";

/** Longer than sending and removing one message takes. */
const hiddenSeconds = 60;

/**
 * Sends every dead letter of a stack into its queue again, and gives how many; undefined where the stack names no place of
 * dead letters. Each is sent before it is removed: one that comes twice does no harm, one that is lost would.
 */
export async function redrive({ outputs, queue }: Pick<Stack, "outputs" | "queue">): Promise<number | undefined> {
  const { cloud, deadLetterQueueUrl } = outputs;
  if (deadLetterQueueUrl === undefined) return undefined;
  const source = await openSource[cloud](deadLetterQueueUrl, outputs);
  for (let count = 0; ; count++) {
    const delivery = await source.receive(hiddenSeconds);
    if (!delivery) return count;
    await queue.send([delivery.body]);
    await delivery.acknowledge();
  }
}

const openSource: Record<Cloud, (address: string, outputs: StackOutputs) => Promise<TaskSource>> = {
  async aws(address, { region }) {
    const { openTaskQueue } = await import("../aws/task-queue.ts");
    return openTaskQueue(address, region === undefined ? {} : { region });
  },
  async gcp(address) {
    const [{ openTaskSource }, { otherVariables }] = await Promise.all([
      import("../gcp/task-queue.ts"),
      import("../configuration.ts"),
    ]);
    const endpoint = process.env[otherVariables.pubSubEndpoint];
    return openTaskSource(address, endpoint === undefined ? {} : { endpoint });
  },
  async azure(address) {
    return (await import("../azure/task-queue.ts")).openTaskQueue(address);
  },
};
