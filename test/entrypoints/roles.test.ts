import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { text } from "node:stream/consumers";
import { expect } from "chai";
import { afterEach, describe, it } from "mocha";
import { withFiring } from "../../worker-runtime/src/clouds/azure/send-scheduled.ts";
import { readTrigger } from "../../worker-runtime/src/clouds/triggers/read-trigger.ts";
import { WorkerProcess } from "./worker-process.ts";

const image = [process.execPath, path.resolve(import.meta.dirname, "../../worker-runtime/src/clouds/main.ts")];
const message = JSON.stringify({ retrain: { job: "sentiment", schedule: "nightly" }, trivet: 1 });

/** As the components deploy them, without quiet TensorFlow. */
const predictors = {
  "Cloud Run": {
    TRIVET_PLATFORM: "gcp-cloud-run",
    TRIVET_QUEUE: "projects/p/topics/t",
    TRIVET_ROLE: "predict",
    TRIVET_STORE: "bucket",
    TRIVET_TASK_TIMEOUT_SECONDS: "540",
    PORT: "0",
  },
  "Container Apps": {
    TRIVET_PLATFORM: "azure-job",
    TRIVET_QUEUE: "https://account.queue.core.windows.net/tasks",
    TRIVET_ROLE: "predict",
    TRIVET_STORE: "https://account.blob.core.windows.net/data",
    TRIVET_TASK_TIMEOUT_SECONDS: "540",
    AZURE_CLIENT_ID: "00000000-0000-0000-0000-000000000000",
    PORT: "0",
  },
};

describe("the image in another role than a worker's", () => {
  const started: WorkerProcess[] = [];
  afterEach(async () => {
    for (const process of started.splice(0)) await process.stop();
  });

  function start(environment: Readonly<Record<string, string>>): WorkerProcess {
    const process = new WorkerProcess(image, environment);
    started.push(process);
    return process;
  }

  for (const [place, environment] of Object.entries(predictors)) {
    it(`serves predictions on ${place}, and ends when it is asked to`, async () => {
      const process = start(environment);
      const { port } = await process.line(({ event }) => event === "start");
      const answer = await fetch(`http://127.0.0.1:${port}/`);
      expect(await answer.json()).to.deep.equal({ status: "ready" });
      process.signal("SIGTERM");
      expect(await process.ended).to.equal(0);
    });
  }

  it("sends a schedule's message on Azure, which names its execution, and ends", async () => {
    const bodies: string[] = [];
    const server = createServer(async (request, response) => {
      bodies.push(`${request.method} ${request.url?.split("?")[0]} ${await text(request)}`);
      response.writeHead(201, { "content-type": "application/xml" });
      response.end("<QueueMessagesList><QueueMessage><MessageId>1</MessageId></QueueMessage></QueueMessagesList>");
    });
    server.listen(0);
    await once(server, "listening");
    try {
      const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/devstoreaccount1`;
      const process = start({
        TRIVET_PLATFORM: "azure-job",
        TRIVET_QUEUE: `${address}/tasks`,
        TRIVET_ROLE: "schedule",
        TRIVET_STORE: `${address}/data`,
        TRIVET_MESSAGE: message,
        CONTAINER_APP_JOB_EXECUTION_NAME: "nightly-abc123",
      });
      expect(await process.ended).to.equal(0);
      expect(bodies).to.have.length(1);
      const [, sent] = /^POST \/devstoreaccount1\/tasks\/messages .*<MessageText>(.+)<\/MessageText>/s.exec(
        bodies[0]!,
      )!;
      const body = Buffer.from(sent!, "base64").toString();
      expect(readTrigger({ body })).to.include({ name: "sentiment", firing: "nightly-nightly-abc123" });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it("sends the schedule's message as it is where the execution has no name", () => {
    expect(withFiring(message, undefined)).to.equal(message);
  });
});
