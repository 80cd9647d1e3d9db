import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { afterEach, describe, it } from "mocha";
import { decodeInvocation } from "../../worker-runtime/src/clouds/azure/functions-entrypoint.ts";
import type { CloudWorkerParts } from "../../worker-runtime/src/clouds/cloud-worker.ts";
import { decodePush } from "../../worker-runtime/src/clouds/gcp/entrypoint.ts";
import { notBeforeAttribute } from "../../worker-runtime/src/clouds/gcp/task-queue.ts";
import { servePush } from "../../worker-runtime/src/clouds/push-server.ts";
import { keys } from "../../worker-runtime/src/protocol/keys.ts";
import { planOf, World } from "../worker/protocol/world.ts";
import { cloudWorkerOn, learnerThat, messageOf, poisonous } from "./cloud-worker-on.ts";

/** What Pub/Sub sends for a message. */
function pubSubPush(body: string, deliveryAttempt = 1): string {
  const message = { data: Buffer.from(body).toString("base64"), messageId: "1", publishTime: "2026-11-24T09:30:00Z" };
  return JSON.stringify({ message, subscription: "projects/p/subscriptions/s", deliveryAttempt });
}

/** What the Functions host sends for a queue message: every value is JSON once more, numbers and texts too. */
function functionsInvocation(body: string, dequeueCount = 1): string {
  const Metadata = { DequeueCount: String(dequeueCount), Id: '"800ae4b3"', sys: { MethodName: "task" } };
  return JSON.stringify({ Data: { message: JSON.stringify(body) }, Metadata });
}

const places = {
  "Pub/Sub's push to Cloud Run": {
    ...{ push: pubSubPush, decode: decodePush, acknowledgement: "{}" },
    platform: "gcp-cloud-run" as const,
  },
  "the Functions host": {
    ...{ push: functionsInvocation, decode: decodeInvocation },
    acknowledgement: '{"Outputs":{},"Logs":[],"ReturnValue":null}',
    platform: "azure-functions" as const,
  },
};

for (const [place, { push, decode, acknowledgement, platform }] of Object.entries(places)) {
  describe(`messages from ${place}`, () => {
    let server: Server | undefined;
    afterEach(() => {
      server?.closeAllConnections();
      server?.close();
    });

    async function serve(world: World, changes: Partial<CloudWorkerParts> = {}, timeoutSeconds = 540) {
      const { worker, lines } = cloudWorkerOn(world, { platform, ...changes });
      server = await servePush({ worker, clock: world.clock, port: 0, timeoutSeconds, decode, acknowledgement });
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/tasks`;
      const post = async (body: string) => {
        const response = await fetch(url, { method: "POST", body });
        return { status: response.status, text: await response.text() };
      };
      return { post, url, lines };
    }

    async function submitted(): Promise<World> {
      const world = new World({ plan: planOf({ workers: 1 }) });
      await world.submit();
      return world;
    }

    it("train a job to its end, and are answered so that they do not come again", async () => {
      const [world, other] = [await submitted(), await submitted()];
      const { post } = await serve(world);
      while (!(await world.isOver())) {
        const delivery = await world.queue.receive(300);
        if (!delivery) {
          world.clock.pass(30);
          continue;
        }
        expect(await post(push(delivery.body, delivery.attempt))).to.deep.equal({ status: 200, text: acknowledgement });
        await delivery.acknowledge();
      }
      await other.work();
      expect((await world.result())!.weightsHash).to.equal((await other.result())!.weightsHash);
    });

    it("are answered only when the task's result is in the store", async () => {
      const world = await submitted();
      await (await serve(world)).post(push(messageOf(world, { kind: "advance", round: 0, look: 0 })));
      server!.close();
      const gate = Promise.withResolvers<void>();
      const reached = Promise.withResolvers<void>();
      const { post } = await serve(world, {
        openLearner: learnerThat(async () => {
          reached.resolve();
          await gate.promise;
        }),
      });
      let answered = false;
      const answer = post(push(messageOf(world, { kind: "step", round: 0, worker: 0 })));
      void answer.then(() => {
        answered = true;
      });
      await reached.promise;
      // Whoever answers too early has had every occasion to.
      await fetch(`http://127.0.0.1:${(server!.address() as AddressInfo).port}/`);
      expect(answered).to.equal(false);
      gate.resolve();
      expect((await answer).status).to.equal(200);
      expect(await world.store.head(keys.update(world.plan.job, 0, 0))).not.to.equal(undefined);
    });

    for (const [what, body] of Object.entries(poisonous)) {
      it(`are acknowledged when they can never be worked on: ${what}`, async () => {
        const world = new World();
        await world.submit();
        const { post, lines } = await serve(world);
        expect(await post(push(body))).to.deep.equal({ status: 200, text: acknowledgement });
        expect(lines.map(({ fields }) => fields.outcome)).to.deep.equal(["poison"]);
      });
    }

    for (const [what, body] of Object.entries({
      "nothing at all": "",
      "no JSON": "%PDF-1.7",
      "another platform's JSON": '{"Records":[]}',
      "a message without data": '{"message":null,"Data":{}}',
      "five megabytes": "x".repeat(5e6),
    })) {
      it(`are acknowledged when the request holds ${what}`, async () => {
        const { post, lines } = await serve(await submitted());
        expect((await post(body)).status).to.equal(200);
        expect(lines.map(({ fields }) => fields.outcome)).to.deep.equal(["poison"]);
        expect(lines[0]!.message).to.have.length.below(500);
      });
    }

    it("are refused by 500, not by 429 or 503, when they shall come again", async () => {
      const world = await submitted();
      const { post, lines } = await serve(world, { openCloud: async () => Promise.reject(new Error("no network")) });
      const { status } = await post(push(messageOf(world, { kind: "step", round: 0, worker: 0 }), 3));
      expect(status).to.equal(500);
      expect(lines[0]!.fields).to.include({ outcome: "retry", reason: "no network", deliveries: 3 });
    });

    it("are paused before the platform gives the request up", async () => {
      const world = await submitted();
      const { post } = await serve(
        world,
        {
          openLearner: learnerThat(() => {
            world.clock.pass(10);
          }),
        },
        30,
      );
      await post(push(messageOf(world, { kind: "advance", round: 0, look: 0 })));
      expect((await post(push(messageOf(world, { kind: "step", round: 0, worker: 0 })))).status).to.equal(200);
      expect(await world.store.list(keys.parts(world.plan.job, 0, 0))).to.have.length(1);
    });

    it("leave health checks an answer", async () => {
      const { url } = await serve(await submitted());
      expect((await fetch(url)).status).to.equal(200);
    });
  });
}

describe("a message that Pub/Sub pushes before its time", () => {
  const nowMs = 1e12;
  const pushed = (notBeforeMs: number) => {
    const attributes = { [notBeforeAttribute]: String(notBeforeMs) };
    return decodePush(
      JSON.stringify({ message: { data: Buffer.from("later").toString("base64"), attributes } }),
      nowMs,
    );
  };

  it("is early until then", async () => {
    expect(await pushed(nowMs + 1)).to.deep.equal({ body: "later", deliveries: 1, isEarly: true });
    expect(await pushed(nowMs)).to.include({ isEarly: false });
  });

  it("is refused and not worked on, so that it comes again", async () => {
    const world = new World();
    const { worker, lines } = cloudWorkerOn(world);
    const options = { worker, clock: world.clock, port: 0, timeoutSeconds: 540, acknowledgement: "{}" };
    const server = await servePush({ ...options, decode: () => ({ body: "later", deliveries: 1, isEarly: true }) });
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      expect((await fetch(url, { method: "POST", body: "{}" })).status).to.equal(500);
      expect(lines).to.deep.equal([]);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
