import { after, before, describe } from "mocha";
import { openObjectStore } from "../../worker-runtime/src/clouds/azure/object-store.ts";
import { openTaskQueue } from "../../worker-runtime/src/clouds/azure/task-queue.ts";
import { systemClock } from "../../worker-runtime/src/clouds/local/clock.ts";
import { makeBlobContainer, makeStorageQueue } from "../support/cloud-places.ts";
import { startAzurite } from "../support/emulators.ts";
import { requireTool } from "../support/require-tool.ts";
import { tools } from "../tools/tools.ts";
import { badConnectionContract, xmlReply } from "./bad-connection.ts";
import { objectStoreContract } from "./object-store.ts";
import { taskQueueContract } from "./task-queue.ts";

describe("Azure Blob and Queue Storage", () => {
  let azurite: Awaited<ReturnType<typeof startAzurite>>;
  before(async function () {
    await requireTool(this, tools.azurite);
    azurite = await startAzurite();
  });
  after(() => azurite?.stop());

  describe("object store", () =>
    objectStoreContract(`Azure Blob Storage (Azurite ${tools.azurite.version})`, async () => {
      const address = await makeBlobContainer(azurite.url);
      return { store: openObjectStore(address), other: openObjectStore(address) };
    }));

  describe("object store, badly connected", () =>
    badConnectionContract(`Azure Blob Storage (Azurite ${tools.azurite.version})`, {
      emulatorUrl: () => new URL(azurite.url).origin,
      async open(proxyUrl) {
        const { pathname } = new URL(await makeBlobContainer(azurite.url));
        return openObjectStore(`${proxyUrl}${pathname}`);
      },
      isPut: ({ method }) => method === "PUT",
      isRead: ({ method, url }) => method === "GET" && !url.includes("comp=list"),
      refusal: xmlReply(409, "BlobAlreadyExists"),
    }));

  describe("task queue", () =>
    taskQueueContract(`Azure Queue Storage (Azurite ${tools.azurite.version})`, async () => {
      const address = await makeStorageQueue(azurite.queueUrl);
      return {
        ...{ queue: openTaskQueue(address), other: openTaskQueue(address) },
        clock: systemClock,
      };
    }));
});
