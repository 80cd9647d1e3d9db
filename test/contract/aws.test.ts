import { after, before, describe } from "mocha";
import { openObjectStore } from "../../worker-runtime/src/clouds/aws/object-store.ts";
import { openTaskQueue } from "../../worker-runtime/src/clouds/aws/task-queue.ts";
import { systemClock } from "../../worker-runtime/src/clouds/local/clock.ts";
import { makeS3Bucket, makeSqsQueue } from "../support/cloud-places.ts";
import { type Emulator, startMoto } from "../support/emulators.ts";
import { awsEnvironment } from "../support/environment.ts";
import { requireTool } from "../support/require-tool.ts";
import { tools } from "../tools/tools.ts";
import { badConnectionContract, xmlReply } from "./bad-connection.ts";
import { objectStoreContract } from "./object-store.ts";
import { taskQueueContract } from "./task-queue.ts";

describe("Amazon S3 and SQS", () => {
  let moto: Emulator;
  awsEnvironment();
  before(async function () {
    await requireTool(this, tools.moto);
    moto = await startMoto();
  });
  after(() => moto?.stop());

  describe("object store", () =>
    objectStoreContract(`Amazon S3 (moto ${tools.moto.version})`, async () => {
      const bucket = await makeS3Bucket(moto.url);
      const open = () => openObjectStore(bucket, { endpoint: moto.url });
      return { store: open(), other: open() };
    }));

  describe("object store, badly connected", () =>
    badConnectionContract(`Amazon S3 (moto ${tools.moto.version})`, {
      emulatorUrl: () => moto.url,
      open: async (endpoint) => openObjectStore(await makeS3Bucket(moto.url), { endpoint }),
      isPut: ({ method }) => method === "PUT",
      isRead: ({ method, url }) => method === "GET" && !url.includes("list-type"),
      refusal: xmlReply(409, "ConditionalRequestConflict"),
    }));

  describe("task queue", () =>
    taskQueueContract(`Amazon SQS (moto ${tools.moto.version})`, async () => {
      const address = await makeSqsQueue(moto.url);
      const open = () => openTaskQueue(address, { endpoint: moto.url });
      return { queue: open(), other: open(), clock: systemClock };
    }));
});
