import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { openObjectStore } from "../../worker-runtime/src/clouds/azure/object-store.ts";
import { openTaskQueue } from "../../worker-runtime/src/clouds/azure/task-queue.ts";
import { systemClock } from "../../worker-runtime/src/clouds/local/clock.ts";
import { makeBlobContainer, makeStorageQueue } from "../support/cloud-places.ts";
import { startAzurite } from "../support/emulators.ts";
import { startMiddleman } from "../support/middleman.ts";
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

  it("keeps the uncommitted blocks of two writers of one blob apart", async () => {
    const blob = await startMiddleman(new URL(azurite.url).origin);
    try {
      const { pathname } = new URL(await makeBlobContainer(azurite.url));
      const [one, two] = [1, 2].map(() => openObjectStore(blob.url + pathname));
      const bodies = [1, 2].map((writer) => new Uint8Array(33 * 2 ** 20).fill(writer));
      const allStaged = Promise.withResolvers<void>();
      const oneCommitted = Promise.withResolvers<void>();
      let staged = 0;
      let second: Promise<unknown> | undefined;
      // The first writer commits between the second one's last block and its commit.
      blob.handle = async (request, send) => {
        const isFirstCommit = request.url.includes("comp=blocklist") && !second;
        if (isFirstCommit) {
          second = two!.putIfAbsent("large", bodies[1]!);
          await allStaged.promise;
        } else if (request.url.includes("comp=blocklist")) await oneCommitted.promise;
        const reply = await send(request);
        if (request.url.includes("comp=block&") && ++staged === 6) allStaged.resolve();
        if (isFirstCommit) oneCommitted.resolve();
        return reply;
      };
      expect(await one!.putIfAbsent("large", bodies[0]!)).to.equal("created");
      expect(await second).to.equal("exists");
      expect(Buffer.compare((await two!.get("large"))!, bodies[0]!)).to.equal(0);
    } finally {
      await blob.stop();
    }
  });

  describe("task queue", () =>
    taskQueueContract(`Azure Queue Storage (Azurite ${tools.azurite.version})`, async () => {
      const address = await makeStorageQueue(azurite.queueUrl);
      return {
        ...{ queue: openTaskQueue(address), other: openTaskQueue(address) },
        clock: systemClock,
      };
    }));
});
