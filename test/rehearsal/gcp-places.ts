import { randomUUID } from "node:crypto";
import { Storage } from "@google-cloud/storage";
import type { StubOptions, Thing } from "../components/stub-provider.ts";

const project = "emulator";

/** Makes the buckets, topics and subscriptions of a deployment in emulators, as the provider makes them in Google Cloud. */
export class GcpPlaces implements StubOptions {
  readonly #storage: Storage;
  readonly #pubSubUrl: string;

  constructor(storageUrl: string, pubSubUrl: string) {
    this.#storage = new Storage({ apiEndpoint: storageUrl, projectId: project });
    this.#pubSubUrl = pubSubUrl;
  }

  make = async (type: string, inputs: Readonly<Record<string, unknown>>) => {
    const name = `training-${randomUUID().slice(0, 8)}`;
    if (type === "gcp:storage/bucket:Bucket") {
      await this.#storage.createBucket(name);
      return { id: name, name, url: `gs://${name}` };
    }
    if (type === "gcp:pubsub/topic:Topic") {
      const id = `projects/${project}/topics/${name}`;
      await this.#pubSub("PUT", id, {});
      return { id, name };
    }
    if (type === "gcp:pubsub/subscription:Subscription") {
      const id = `projects/${project}/subscriptions/${name}`;
      const { topic, ackDeadlineSeconds, deadLetterPolicy } = inputs;
      // Pushed messages are pulled here, and handed over by the host.
      await this.#pubSub("PUT", id, { topic, ackDeadlineSeconds, ...(deadLetterPolicy ? { deadLetterPolicy } : {}) });
      return { id, name };
    }
    return {};
  };

  remove = async ({ type, id, inputs }: Thing) => {
    if (type === "gcp:pubsub/topic:Topic" || type === "gcp:pubsub/subscription:Subscription")
      await this.#pubSub("DELETE", id);
    if (type !== "gcp:storage/bucket:Bucket") return;
    if (inputs.forceDestroy === true) await this.#storage.bucket(id).deleteFiles({ force: true });
    await this.#storage.bucket(id).delete();
  };

  /** Names of all buckets, topics and subscriptions that there are. */
  async all(): Promise<string[]> {
    const [buckets] = await this.#storage.getBuckets();
    const list = async (kind: "topics" | "subscriptions") =>
      (await this.#pubSub("GET", `projects/${project}/${kind}`))[kind] ?? [];
    const [topics, subscriptions] = await Promise.all([list("topics"), list("subscriptions")]);
    return [...buckets.map(({ name }) => name), ...[...topics, ...subscriptions].map(({ name }) => name)];
  }

  async #pubSub(method: string, place: string, body?: unknown): Promise<Record<string, { name: string }[]>> {
    const answer = await fetch(`${this.#pubSubUrl}/v1/${place}`, {
      ...{ method, headers: { "content-type": "application/json" } },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${place}: ${text}`);
    return text === "" ? {} : JSON.parse(text);
  }
}
