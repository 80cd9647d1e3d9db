import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { expect } from "chai";
import { afterEach, describe, it } from "mocha";
import { handleBatch } from "../../worker-runtime/src/clouds/aws/entrypoint.ts";
import { serveInvocations } from "../../worker-runtime/src/clouds/aws/runtime-api.ts";
import type { CloudWorkerParts } from "../../worker-runtime/src/clouds/cloud-worker.ts";
import { keys } from "../../worker-runtime/src/protocol/keys.ts";
import { World } from "../worker/protocol/world.ts";
import { cloudWorkerOn, learnerThat, messageOf, poisonous } from "./cloud-worker-on.ts";

const step = { kind: "step", round: 0, worker: 0 } as const;

function sqsEvent(...bodies: readonly string[]): string {
  const Records = bodies.map((body, i) => ({
    ...{ messageId: `id-${i}`, receiptHandle: `handle-${i}`, body, eventSource: "aws:sqs" },
    attributes: { ApproximateReceiveCount: "1", SentTimestamp: "1795590000000" },
  }));
  return JSON.stringify({ Records });
}

describe("a batch of SQS messages on Lambda", () => {
  async function batchOn(
    world: World,
    payload: string,
    changes: Partial<CloudWorkerParts> = {},
    deadlineMs = Infinity,
  ) {
    const { worker, lines } = cloudWorkerOn(world, changes);
    const returned: string[] = [];
    const returnMessage = async (handle: string, seconds: number) => void returned.push(`${handle} ${seconds}`);
    const log: CloudWorkerParts["log"] = (severity, message) => lines.push({ severity, message, fields: {} });
    const answer = await handleBatch({ payload, deadlineMs }, worker, returnMessage, log);
    return { answer, returned, lines };
  }

  async function submitted(): Promise<World> {
    const world = new World();
    await world.submit();
    await batchOn(world, sqsEvent((await world.queue.receive(300))!.body));
    return world;
  }

  it("is answered with nothing to repeat when all are done", async () => {
    const world = await submitted();
    const event = sqsEvent(messageOf(world, step), messageOf(world, { ...step, worker: 1 }));
    const { answer, lines } = await batchOn(world, event);
    expect(answer).to.deep.equal({ batchItemFailures: [] });
    expect(lines.map(({ fields }) => fields.outcome)).to.deep.equal(["done", "done"]);
  });

  it("names only those that shall come again, and makes them visible sooner than the queue would", async () => {
    const world = await submitted();
    const event = sqsEvent(messageOf(world, step), messageOf(world, { ...step, worker: 1 }), "hello");
    const { answer, returned } = await batchOn(world, event, {
      openLearner: learnerThat((worker) => {
        if (worker === 1) throw new Error("connection reset");
      }),
    });
    expect(answer).to.deep.equal({ batchItemFailures: [{ itemIdentifier: "id-1" }] });
    expect(returned.at(-1)).to.match(/^handle-1 \d+$/);
    expect(Number(returned.at(-1)!.split(" ")[1])).to.be.below(60);
  });

  it("has a message come again soon after its function's time, whose function died over it, and not after six times that", async () => {
    const world = await submitted();
    const never = { openLearner: () => new Promise<never>(() => {}) };
    const { worker } = cloudWorkerOn(world, never);
    const hidden = Promise.withResolvers<string>();
    const deadlineMs = world.clock.nowMs() + 480_000;
    const returnMessage = async (handle: string, seconds: number) => hidden.resolve(`${handle} ${seconds}`);
    void handleBatch({ payload: sqsEvent(messageOf(world, step)), deadlineMs }, worker, returnMessage, () => {});
    expect(await hidden.promise).to.equal("handle-0 485");
  });

  for (const [what, body] of Object.entries(poisonous)) {
    it(`does not repeat a message that can never be worked on: ${what}`, async () => {
      const { answer } = await batchOn(await submitted(), sqsEvent(body));
      expect(answer).to.deep.equal({ batchItemFailures: [] });
    });
  }

  for (const payload of [
    "",
    "hello",
    "null",
    "7",
    "{}",
    '{"Records":1}',
    '{"Records":[{"eventSource":"aws:s3"}]}',
    '{"Records":[null]}',
  ]) {
    it(`answers a payload that is none, ${payload}, and says so in one line`, async () => {
      const { answer, lines } = await batchOn(await submitted(), payload);
      expect(answer).to.deep.equal({ batchItemFailures: [] });
      expect(lines).to.have.length(1);
      expect(lines[0]!.message).to.include("not a batch of SQS messages").and.to.include(payload);
    });
  }
});

describe("Lambda's runtime interface", () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });

  /** The interface, by its documentation, with these payloads to come; resolves with what is posted for them. */
  async function interfaceWith(payloads: readonly string[], deadlineMs: number) {
    const posted: { path: string; body: unknown }[] = [];
    const all = Promise.withResolvers<typeof posted>();
    let next = 0;
    server = createServer(async (request, response) => {
      if (request.method === "GET") {
        if (next === payloads.length) return; // Waits, as the interface does while there is nothing to do.
        response.setHeader("lambda-runtime-aws-request-id", `request-${next}`);
        response.setHeader("lambda-runtime-deadline-ms", String(deadlineMs));
        response.setHeader("lambda-runtime-trace-id", `trace-${next}`);
        response.end(payloads[next++]);
        return;
      }
      posted.push({ path: request.url!, body: JSON.parse(await text(request)) });
      response.writeHead(202).end();
      if (posted.length === payloads.length) all.resolve(posted);
    }).listen(0);
    await new Promise((resolve) => server!.once("listening", resolve));
    return { api: `127.0.0.1:${(server.address() as AddressInfo).port}`, posted: all.promise };
  }

  it("is served invocation by invocation, and told of errors as the function's", async () => {
    const { api, posted } = await interfaceWith(['{"n":1}', '{"n":2}', '{"n":3}'], 1e12);
    const serving = serveInvocations(api, async ({ payload, deadlineMs }) => {
      const { n } = JSON.parse(payload);
      if (n === 2) throw new RangeError("two");
      return { n, deadlineMs, trace: process.env._X_AMZN_TRACE_ID };
    });
    serving.catch(() => {}); // It ends when the test closes the interface.
    const [first, second, third] = await posted;
    expect(first).to.deep.equal({
      path: "/2018-06-01/runtime/invocation/request-0/response",
      body: { n: 1, deadlineMs: 1e12, trace: "trace-0" },
    });
    expect(second!.path).to.equal("/2018-06-01/runtime/invocation/request-1/error");
    expect(second!.body).to.include({ errorType: "RangeError", errorMessage: "two" });
    expect(third!.body).to.include({ n: 3, trace: "trace-2" });
    delete process.env._X_AMZN_TRACE_ID;
  });

  it("gives the deadline at which a task pauses", async () => {
    const world = new World();
    await world.submit();
    const { worker } = cloudWorkerOn(world, {
      openLearner: learnerThat(() => {
        world.clock.pass(10);
      }),
    });
    const events = [sqsEvent((await world.queue.receive(300))!.body), sqsEvent(messageOf(world, step))];
    const { api, posted } = await interfaceWith(events, world.clock.nowMs() + 30_000);
    serveInvocations(api, (invocation) =>
      handleBatch(
        invocation,
        worker,
        async () => {},
        () => {},
      ),
    ).catch(() => {});
    await posted;
    expect(await world.store.list(keys.parts(world.plan.job, 0, 0))).to.have.length(1);
  });

  it("ends with an error that names the interface when it is gone", async () => {
    const { api } = await interfaceWith([], 0);
    server!.closeAllConnections();
    await new Promise((resolve) => server!.close(resolve));
    const error = await serveInvocations(api, async () => {}).catch((error: Error) => error);
    expect((error as Error).message).to.include(api);
  });
});
