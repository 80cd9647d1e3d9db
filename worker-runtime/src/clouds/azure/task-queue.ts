import { QueueClient } from "@azure/storage-queue";
import { checkMessage, type Delivery, type TaskQueue, type TaskSource } from "../../ports/task-queue.ts";
import { sendAll } from "../send-all.ts";
import { type AzureOptions, clientSettings, credentialFor } from "./client-settings.ts";
import { codeOf, explaining } from "./errors.ts";

/** An Azure Storage queue. Its texts are base64, as the Functions host expects them. */
export class StorageTaskQueue implements TaskQueue, TaskSource {
  readonly #queue: QueueClient;

  constructor(queue: QueueClient) {
    this.#queue = queue;
  }

  async send(messages: readonly string[], { delaySeconds = 0 } = {}): Promise<void> {
    messages.forEach(checkMessage);
    // One message in a request is all that Azure takes.
    await sendAll(messages, 1, async ([body]) => {
      const text = Buffer.from(body!).toString("base64");
      const options = { visibilityTimeout: Math.ceil(delaySeconds) };
      await this.#explaining(() => this.#queue.sendMessage(text, options));
      return [];
    });
  }

  async receive(visibilityTimeoutSeconds: number): Promise<Delivery | undefined> {
    const options = { numberOfMessages: 1, visibilityTimeout: Math.ceil(visibilityTimeoutSeconds) };
    const { receivedMessageItems } = await this.#explaining(() => this.#queue.receiveMessages(options));
    const [message] = receivedMessageItems;
    if (!message) return undefined;
    const { messageId, popReceipt, messageText, dequeueCount, insertedOn } = message;
    return {
      body: bodyOf(messageText),
      attempt: dequeueCount,
      sentAtMs: insertedOn.getTime(),
      acknowledge: () => this.#unlessTaken(() => this.#queue.deleteMessage(messageId, popReceipt)),
      release: (delaySeconds) =>
        this.#unlessTaken(() => this.#queue.updateMessage(messageId, popReceipt, undefined, Math.ceil(delaySeconds))),
    };
  }

  /** The message was received again since, by somebody whose it is now, or is done. */
  async #unlessTaken(request: () => Promise<unknown>): Promise<void> {
    await this.#explaining(request).catch((error) => {
      if (!["MessageNotFound", "PopReceiptMismatch"].includes(codeOf(error) ?? "")) throw error;
    });
  }

  #explaining<T>(request: () => Promise<T>): Promise<T> {
    return explaining(`the queue ${this.#queue.url}`, request);
  }
}

/**
 * The body in a message's text: base64, or JSON as it is, which Event Grid sent for years and may send again
 * (MicrosoftDocs/azure-docs#69702, #102923). No base64 starts with a brace.
 */
export function bodyOf(messageText: string): string {
  return messageText.startsWith("{") ? messageText : Buffer.from(messageText, "base64").toString();
}

/** Opens a queue by its address, `https://<account>.queue.core.windows.net/<queue>`. Asks nothing of Azure yet. */
export function openTaskQueue(address: string, options: AzureOptions = {}): StorageTaskQueue {
  return new StorageTaskQueue(new QueueClient(address, credentialFor(address, options), clientSettings));
}
