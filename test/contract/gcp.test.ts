import { after, before, describe } from "mocha";
import { openObjectStore } from "../../worker-runtime/src/clouds/gcp/object-store.ts";
import { openTaskQueue, openTaskSource } from "../../worker-runtime/src/clouds/gcp/task-queue.ts";
import { systemClock } from "../../worker-runtime/src/clouds/local/clock.ts";
import { makeGcsBucket, makePubSubTopic } from "../support/cloud-places.ts";
import { type Emulator, startFakeGcsServer, startPubSub } from "../support/emulators.ts";
import { requireTool } from "../support/require-tool.ts";
import { tools } from "../tools/tools.ts";
import { badConnectionContract } from "./bad-connection.ts";
import { objectStoreContract } from "./object-store.ts";
import { taskQueueContract } from "./task-queue.ts";

describe("Google Cloud Storage and Pub/Sub", () => {
  let storage: Emulator;
  let pubSub: Emulator;
  before(async function () {
    await requireTool(this, tools.fakeGcsServer);
    await requireTool(this, tools.pubSub);
    storage = await startFakeGcsServer();
    pubSub = await startPubSub();
  });
  after(async () => {
    await storage?.stop();
    await pubSub?.stop();
  });

  describe("object store", () =>
    objectStoreContract(`Cloud Storage (fake-gcs-server ${tools.fakeGcsServer.version})`, async () => {
      const bucket = await makeGcsBucket(storage.url);
      const open = () => openObjectStore(bucket, { endpoint: storage.url });
      return { store: open(), other: open() };
    }));

  describe("object store, badly connected", () =>
    badConnectionContract(`Cloud Storage (fake-gcs-server ${tools.fakeGcsServer.version})`, {
      emulatorUrl: () => storage.url,
      open: async (endpoint) => openObjectStore(await makeGcsBucket(storage.url), { endpoint }),
      isPut: ({ method }) => method === "POST",
      isRead: ({ url }) => url.includes("alt=media"),
      refusal: {
        status: 412,
        headers: { "content-type": "application/json" },
        body: Buffer.from(JSON.stringify({ error: { code: 412, message: "conditionNotMet" } })),
      },
    }));

  describe("task queue", () =>
    taskQueueContract(`Pub/Sub (pstest ${tools.pubSub.version})`, async () => {
      const { topic, subscription } = await makePubSubTopic(pubSub.url);
      const open = () => {
        const queue = openTaskQueue(topic, { endpoint: pubSub.url });
        const source = openTaskSource(subscription, { endpoint: pubSub.url });
        return { send: queue.send.bind(queue), receive: source.receive.bind(source) };
      };
      return { queue: open(), other: open(), clock: systemClock };
    }));
});
