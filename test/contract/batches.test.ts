import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { openTaskQueue } from "../../worker-runtime/src/clouds/aws/task-queue.ts";
import { sendAll } from "../../worker-runtime/src/clouds/send-all.ts";
import { makeSqsQueue } from "../support/cloud-places.ts";
import { type Emulator, startMoto } from "../support/emulators.ts";
import { awsEnvironment } from "../support/environment.ts";
import { type Middleman, startMiddleman } from "../support/middleman.ts";
import { requireTool } from "../support/require-tool.ts";
import { tools } from "../tools/tools.ts";

describe("a batch of messages of which a part is refused", () => {
  let moto: Emulator;
  let sqs: Middleman;
  awsEnvironment();
  before(async function () {
    await requireTool(this, tools.moto);
    moto = await startMoto();
    sqs = await startMiddleman(moto.url);
  });
  after(async () => {
    await sqs?.stop();
    await moto?.stop();
  });

  it("is sent again in that part, with SQS", async () => {
    const address = await makeSqsQueue(moto.url);
    const queue = openTaskQueue(address, { endpoint: sqs.url });
    let requests = 0;
    // SQS answers 200, and names what it did not take: here the last three of the first batch, and of those one again.
    sqs.handle = async (request, send) => {
      const batch = JSON.parse(request.body.toString()) as { Entries: { Id: string }[] };
      const refused = [3, 1, 0][requests++] ?? 0;
      const taken = batch.Entries.slice(0, batch.Entries.length - refused);
      const reply = await send({ ...request, body: Buffer.from(JSON.stringify({ ...batch, Entries: taken })) });
      const Failed = batch.Entries.slice(taken.length).map(({ Id }) => ({
        Id,
        SenderFault: false,
        Code: "InternalError",
      }));
      return { ...reply, body: Buffer.from(JSON.stringify({ ...JSON.parse(reply.body.toString()), Failed })) };
    };
    const sent = Array.from({ length: 10 }, (_, i) => `message ${i}`);
    await queue.send(sent);
    expect(requests).to.equal(3);
    const direct = openTaskQueue(address, { endpoint: moto.url });
    const got: string[] = [];
    for (let next = await direct.receive(60); next; next = await direct.receive(60)) got.push(next.body);
    expect(got.toSorted()).to.deep.equal(sent);
  });

  it("fails when the queue goes on refusing, so that the task which sends is tried again", async () => {
    let tries = 0;
    const error = await sendAll(["a", "b"], 10, async (batch) => {
      tries++;
      return batch.slice(1);
    }).catch((error: Error) => error);
    // After the first try one message is left, which is then taken.
    expect(error).to.equal(undefined);
    expect(tries).to.equal(2);
    const refused = await sendAll(["a", "b"], 10, async () => ["b"]).catch((error: Error) => error);
    expect(refused)
      .to.be.an("error")
      .with.property("message")
      .that.matches(/refused 1 of 2 messages 5 times/);
  });
});
