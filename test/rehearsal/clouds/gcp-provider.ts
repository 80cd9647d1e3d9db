import type { Thing } from "../../components/stub-provider.ts";
import type { RunningCloud } from "./cloud.ts";
import type { GcpUrls } from "./gcp.ts";

const project = "my-project";

/** Makes the bucket, the topics and the subscriptions of a deployment, as the provider makes them in Google Cloud. */
export function gcpProvider({ storage, pubSub }: GcpUrls): Pick<RunningCloud, "make" | "remove" | "all"> {
  const buckets = "storage/v1/b";
  return {
    async make(type, inputs, name) {
      if (type === "gcp:storage/bucket:Bucket") {
        await call(storage, "POST", `${buckets}?project=${project}`, { name });
        return { id: name, name };
      }
      if (type === "gcp:pubsub/topic:Topic") {
        const id = `projects/${project}/topics/${name}`;
        await call(pubSub, "PUT", id, {});
        return { id, name };
      }
      if (type === "gcp:pubsub/subscription:Subscription") {
        const id = `projects/${project}/subscriptions/${name}`;
        const { topic, ackDeadlineSeconds, deadLetterPolicy } = inputs;
        // pstest does not push, so the host pulls. It counts deliveries only where there is a policy; the host moves dead
        // letters, because pstest would copy them at each pull and never remove them (pstest/fake.go: pull acknowledges
        // without the delivery's id).
        const policy = deadLetterPolicy && { ...deadLetterPolicy, maxDeliveryAttempts: 100 };
        await call(pubSub, "PUT", id, { topic, ackDeadlineSeconds, deadLetterPolicy: policy });
        return { id, name };
      }
      return {};
    },

    async remove({ type, id, inputs }: Thing) {
      if (type.startsWith("gcp:pubsub/topic:") || type.startsWith("gcp:pubsub/subscription:"))
        await call(pubSub, "DELETE", id);
      if (type !== "gcp:storage/bucket:Bucket") return;
      if (inputs.forceDestroy === true) {
        const { items = [] } = await call<{ items?: { name: string }[] }>(storage, "GET", `${buckets}/${id}/o`);
        for (const { name } of items) await call(storage, "DELETE", `${buckets}/${id}/o/${encodeURIComponent(name)}`);
      }
      await call(storage, "DELETE", `${buckets}/${id}`);
    },

    async all() {
      const { items = [] } = await call<{ items?: { name: string }[] }>(
        storage,
        "GET",
        `${buckets}?project=${project}`,
      );
      const { topics = [] } = await call<{ topics?: { name: string }[] }>(pubSub, "GET", `projects/${project}/topics`);
      const path = `projects/${project}/subscriptions`;
      const { subscriptions = [] } = await call<{ subscriptions?: { name: string }[] }>(pubSub, "GET", path);
      return [...items, ...topics, ...subscriptions].map(({ name }) => name);
    },
  };
}

/** Asks an emulator by its JSON interface. Throws where it refuses. */
export async function call<Answer>(url: string, method: string, path: string, body?: unknown): Promise<Answer> {
  const address = path.startsWith("projects/") ? `${url}/v1/${path}` : `${url}/${path}`;
  const answer = await fetch(address, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return (text === "" ? {} : JSON.parse(text)) as Answer;
}
