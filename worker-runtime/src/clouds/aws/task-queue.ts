import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { checkMessage, type Delivery, type TaskQueue, type TaskSource } from "../../ports/task-queue.ts";
import { sendAll } from "../send-all.ts";
import { type AwsOptions, clientSettings } from "./client-settings.ts";
import { explaining } from "./errors.ts";

/** SQS takes at most ten messages in a request; with 32 KiB each they stay far below its 1 MiB for all. */
const batchSize = 10;

/** An SQS standard queue. On Lambda the platform receives; receiving here is for tests and other hosts. */
export class SqsTaskQueue implements TaskQueue, TaskSource {
  readonly #client: SQSClient;
  readonly #url: string;

  constructor(client: SQSClient, url: string) {
    this.#client = client;
    this.#url = url;
  }

  async send(messages: readonly string[], { delaySeconds = 0 } = {}): Promise<void> {
    messages.forEach(checkMessage);
    await sendAll(messages, batchSize, (batch) => this.#sendBatch(batch, delaySeconds));
  }

  async receive(visibilityTimeoutSeconds: number): Promise<Delivery | undefined> {
    const command = new ReceiveMessageCommand({
      ...{ QueueUrl: this.#url, MaxNumberOfMessages: 1, VisibilityTimeout: Math.ceil(visibilityTimeoutSeconds) },
      MessageSystemAttributeNames: ["ApproximateReceiveCount"],
    });
    const { Messages: [message] = [] } = await this.#explaining(() => this.#client.send(command));
    if (!message) return undefined;
    const handle = message.ReceiptHandle!;
    return {
      body: message.Body!,
      attempt: Number(message.Attributes?.ApproximateReceiveCount ?? 1),
      acknowledge: async () => {
        const command = new DeleteMessageCommand({ QueueUrl: this.#url, ReceiptHandle: handle });
        await this.#explaining(() => this.#client.send(command));
      },
      release: (delaySeconds) => this.release(handle, delaySeconds),
    };
  }

  /** Makes a received message visible again after `delaySeconds` (at most 12 hours), instead of after its visibility timeout. */
  async release(receiptHandle: string, delaySeconds: number): Promise<void> {
    const VisibilityTimeout = Math.ceil(delaySeconds);
    const message = { QueueUrl: this.#url, ReceiptHandle: receiptHandle, VisibilityTimeout };
    await this.#explaining(() => this.#client.send(new ChangeMessageVisibilityCommand(message)));
  }

  /** The messages of the batch that SQS did not take: it answers 200 and names them. */
  async #sendBatch(batch: readonly string[], delaySeconds: number): Promise<string[]> {
    const entries = batch.map((body, i) => ({
      Id: String(i),
      MessageBody: body,
      DelaySeconds: Math.ceil(delaySeconds),
    }));
    const command = new SendMessageBatchCommand({ QueueUrl: this.#url, Entries: entries });
    const { Failed = [] } = await this.#explaining(() => this.#client.send(command));
    return Failed.map(({ Id }) => batch[Number(Id)]!);
  }

  #explaining<T>(request: () => Promise<T>): Promise<T> {
    return explaining(`the queue ${this.#url}`, request);
  }
}

/** Opens a queue by its address, `https://sqs.<region>.amazonaws.com/<account>/<queue>`. Asks nothing of SQS yet. */
export function openTaskQueue(url: string, options: AwsOptions = {}): SqsTaskQueue {
  const region = /^https:\/\/sqs\.([a-z0-9-]+)\.amazonaws\.com/.exec(url)?.[1];
  return new SqsTaskQueue(new SQSClient(clientSettings({ ...(region && { region }), ...options })), url);
}
