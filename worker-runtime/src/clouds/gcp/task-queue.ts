import type { AuthClient, GoogleAuth } from "google-auth-library";
import { checkMessage, type Delivery, type TaskQueue, type TaskSource } from "../../ports/task-queue.ts";
import { sendAll } from "../send-all.ts";
import { type GcpOptions, identity, requestSettings } from "./client-settings.ts";
import { explaining } from "./errors.ts";

/**
 * Pub/Sub cannot delay a message, so a message that is to come later says when, in milliseconds since 1970, in this
 * attribute. A receiver that gets it earlier gives it back: a pull with `release`, a push with an answer that is not 2xx,
 * after which Pub/Sub waits longer each time, as the subscription's retry policy says.
 */
export const notBeforeAttribute = "trivetNotBeforeMs";

/** Milliseconds until a message may be worked on; 0 when that is now. `attributes` as Pub/Sub delivers them. */
export function earlyByMs(attributes: Readonly<Record<string, string>> | undefined, nowMs: number): number {
  const notBeforeMs = Number(attributes?.[notBeforeAttribute]);
  return notBeforeMs > nowMs ? notBeforeMs - nowMs : 0;
}

/** Pub/Sub takes 1,000 messages and 10 MB in a request; 200 of 32 KiB, in base64, come to 8.7 MB. */
const batchSize = 200;
/** The longest that Pub/Sub leaves a received message alone. */
const longestAckDeadlineSeconds = 600;

/** What the receiving side reads of a pulled message. */
interface PulledMessage {
  readonly ackId: string;
  readonly message: { readonly data?: string; readonly attributes?: Record<string, string> };
  /** Only where the subscription has a dead letter policy. Counts deliveries that came too early, too. */
  readonly deliveryAttempt?: number;
}

/**
 * Pub/Sub over its JSON interface, with Google's own client for credentials. The whole client, @google-cloud/pubsub, brings
 * gRPC and 3.3 MB of bundled JavaScript, which load in 150 ms: too much for a function that sends a few messages.
 */
class PubSub {
  readonly #endpoint: string;
  readonly #auth: GoogleAuth<AuthClient>;

  constructor({ endpoint }: GcpOptions) {
    this.#endpoint = endpoint ?? "https://pubsub.googleapis.com";
    this.#auth = identity(endpoint, "https://www.googleapis.com/auth/pubsub");
  }

  /** `name` is a topic's or subscription's full name. */
  async call<Answer>(name: string, method: string, data: unknown): Promise<Answer> {
    const url = `${this.#endpoint}/v1/${name}:${method}`;
    const request = { ...requestSettings, url, method: "POST" as const, data };
    return explaining(
      `the ${name.includes("/topics/") ? "topic" : "subscription"} ${name}`,
      async () => (await this.#auth.request<Answer>(request)).data,
      () => true,
    );
  }
}

/** The sending side: a topic. Its push subscription starts the workers. */
export class PubSubTaskQueue implements TaskQueue {
  readonly #pubSub: PubSub;
  readonly #topic: string;

  constructor(pubSub: PubSub, topic: string) {
    this.#pubSub = pubSub;
    this.#topic = topic;
  }

  async send(messages: readonly string[], { delaySeconds = 0 } = {}): Promise<void> {
    messages.forEach(checkMessage);
    const attributes =
      delaySeconds > 0 ? { [notBeforeAttribute]: String(Date.now() + delaySeconds * 1000) } : undefined;
    await sendAll(messages, batchSize, async (batch) => {
      const encoded = batch.map((body) => ({ data: Buffer.from(body).toString("base64"), attributes }));
      // A batch is taken whole or not at all.
      await this.#pubSub.call(this.#topic, "publish", { messages: encoded });
      return [];
    });
  }
}

/** The receiving side where nothing pushes: for tests and other hosts. */
export class PubSubTaskSource implements TaskSource {
  readonly #pubSub: PubSub;
  readonly #subscription: string;

  constructor(pubSub: PubSub, subscription: string) {
    this.#pubSub = pubSub;
    this.#subscription = subscription;
  }

  async receive(visibilityTimeoutSeconds: number): Promise<Delivery | undefined> {
    for (;;) {
      const { receivedMessages: [received] = [] } = await this.#call<{ receivedMessages?: PulledMessage[] }>("pull", {
        ...{ maxMessages: 1, returnImmediately: true },
      });
      if (!received) return undefined;
      const { ackId, message, deliveryAttempt = 1 } = received;
      const earlyMs = earlyByMs(message.attributes, Date.now());
      await this.#hide(ackId, earlyMs > 0 ? earlyMs / 1000 : visibilityTimeoutSeconds);
      if (earlyMs > 0) continue;
      return {
        body: Buffer.from(message.data ?? "", "base64").toString(),
        attempt: deliveryAttempt,
        acknowledge: () => this.#call("acknowledge", { ackIds: [ackId] }),
        release: (delaySeconds) => this.#hide(ackId, delaySeconds),
      };
    }
  }

  /** Pub/Sub has the message come again after `seconds`: 0 is at once. */
  async #hide(ackId: string, seconds: number): Promise<void> {
    const ackDeadlineSeconds = Math.min(Math.ceil(seconds), longestAckDeadlineSeconds);
    await this.#call("modifyAckDeadline", { ackIds: [ackId], ackDeadlineSeconds });
  }

  #call<Answer>(method: string, data: unknown): Promise<Answer> {
    return this.#pubSub.call(this.#subscription, method, data);
  }
}

/** Opens a topic by its full name, `projects/<project>/topics/<topic>`. Asks nothing of Pub/Sub yet. */
export function openTaskQueue(topic: string, options: GcpOptions = {}): PubSubTaskQueue {
  return new PubSubTaskQueue(new PubSub(options), topic);
}

/** Opens a subscription by its full name, `projects/<project>/subscriptions/<subscription>`, to pull from it. */
export function openTaskSource(subscription: string, options: GcpOptions = {}): PubSubTaskSource {
  return new PubSubTaskSource(new PubSub(options), subscription);
}
