import { expect } from "chai";
import { describe, it } from "mocha";
import { handleBatch } from "../../worker-runtime/src/clouds/aws/entrypoint.ts";
import { decodeInvocation } from "../../worker-runtime/src/clouds/azure/functions-entrypoint.ts";
import { decodePush } from "../../worker-runtime/src/clouds/gcp/entrypoint.ts";
import { setBudget } from "../../worker-runtime/src/protocol/budget.ts";
import { budgetOf, readDecisions } from "../../worker-runtime/src/protocol/decisions.ts";
import { keys } from "../../worker-runtime/src/protocol/keys.ts";
import { readDatasetManifest, readJob } from "../../worker-runtime/src/protocol/run-record.ts";
import { submit } from "../../worker-runtime/src/protocol/submit.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { World } from "../worker/protocol/world.ts";
import { cloudWorkerOn, NotedDelivery } from "./cloud-worker-on.ts";
import { reviews, smallJob } from "./small-job.ts";

const fired = Date.UTC(2026, 10, 25, 3, 0, 7);

/** A schedule's message as a queue delivers it. */
function firing(sentAtMs: number, attempt = 1, job = "arithmetic-1") {
  const body = JSON.stringify({ retrain: { job, schedule: "nightly" }, trivet: 1 });
  return Object.assign(new NotedDelivery(body, attempt), { sentAtMs });
}

/** What Cloud Storage says of a new object. */
function arrival(name: string, attempt = 1) {
  return new NotedDelivery(JSON.stringify({ kind: "storage#object", name, bucket: "data" }), attempt);
}

async function jobsOf({ store }: World): Promise<string[]> {
  const all = await store.list("jobs/");
  return all
    .filter(({ key }) => key.endsWith("/plan.json"))
    .map(({ key }) => key.split("/")[1]!)
    .sort();
}

describe("a schedule's message", () => {
  async function trained(): Promise<World> {
    const world = new World();
    await world.submit();
    await world.work();
    return world;
  }

  it("starts the job once more, which comes to the same weights", async () => {
    const world = await trained();
    const { worker, lines } = cloudWorkerOn(world);
    const delivery = firing(fired);
    expect(await worker.handle(delivery, Infinity)).to.equal("done");
    expect(delivery.state).to.equal("acknowledged");
    expect(await jobsOf(world)).to.deep.equal(["arithmetic-1", "arithmetic-1-2"]);
    expect(lines.at(-1)!.message).to.include("Schedule nightly of arithmetic-1, which means arithmetic-1-2: done");
    expect(lines.at(-1)!.fields).to.include({ outcome: "done", job: "arithmetic-1-2" });
    for (let next = await world.queue.receive(300); next; next = await world.queue.receive(300))
      await worker.handle(next, Infinity);
    const [first, second] = await Promise.all(
      ["arithmetic-1", "arithmetic-1-2"].map((job) => world.store.get(keys.result(job, "manifest.json"))),
    );
    const hash = (bytes: Uint8Array | undefined) => JSON.parse(Buffer.from(bytes!).toString()).weightsHash;
    expect(hash(second)).to.equal(hash(first));
  });

  it("gives the further run the budget that holds for the first", async () => {
    const world = await trained();
    for (const dollars of [2, 3]) await setBudget(world.store, "arithmetic-1", { dollars, bills: [] });
    await cloudWorkerOn(world).worker.handle(firing(fired), Infinity);
    expect(budgetOf(await readDecisions(world.store, "arithmetic-1-2"))).to.deep.equal({
      ...{ number: 1, budget: { dollars: 3, bills: [] } },
    });
  });

  it("starts one run however often the firing is delivered, by the queue or by the scheduler", async () => {
    const world = await trained();
    const { worker } = cloudWorkerOn(world);
    for (const [sentAtMs, attempt] of [
      [fired, 1],
      [fired, 2],
      [fired + 9000, 1],
    ] as const)
      expect(await worker.handle(firing(sentAtMs, attempt), Infinity)).to.equal("done");
    expect(await jobsOf(world)).to.deep.equal(["arithmetic-1", "arithmetic-1-2"]);
  });

  it("starts one run when two workers get it at once", async () => {
    const world = await trained();
    const workers = [cloudWorkerOn(world).worker, cloudWorkerOn(world).worker];
    await Promise.all(workers.map((worker) => worker.handle(firing(fired), Infinity)));
    expect(await jobsOf(world)).to.deep.equal(["arithmetic-1", "arithmetic-1-2"]);
  });

  it("starts another run at the next firing", async () => {
    const world = await trained();
    const { worker } = cloudWorkerOn(world);
    await worker.handle(firing(fired), Infinity);
    await worker.handle(firing(fired + 86_400_000), Infinity);
    expect(await jobsOf(world)).to.deep.equal(["arithmetic-1", "arithmetic-1-2", "arithmetic-1-3"]);
  });

  it("is tried afresh at each firing, though its body is the same each time", async () => {
    const world = await trained();
    const { worker } = cloudWorkerOn(world);
    for (let day = 0; day < 7; day++)
      expect(await worker.handle(firing(fired + day * 86_400_000, 2), Infinity)).to.equal("done");
    expect(await jobsOf(world)).to.have.length(8);
  });

  it("starts what an earlier delivery decided and could not send", async () => {
    const world = await trained();
    let isDown = true;
    const queue = {
      async send(messages: readonly string[]) {
        if (isDown) throw new Error("connection reset");
        await world.queue.send(messages);
      },
    };
    const { worker } = cloudWorkerOn(world, { openCloud: async () => ({ store: world.store, queue }) });
    const first = firing(fired);
    expect(await worker.handle(first, Infinity)).to.equal("retry");
    expect(first.state).to.equal("released");
    isDown = false;
    const before = world.queue.size;
    expect(await worker.handle(firing(fired, 2), Infinity)).to.equal("done");
    expect(await jobsOf(world)).to.deep.equal(["arithmetic-1", "arithmetic-1-2"]);
    expect(world.queue.size).to.equal(before + 1);
  });

  it("has its time from the platform that delivers it", async () => {
    const body = firing(fired).body;
    const time = new Date(fired).toISOString();
    const message = { data: Buffer.from(body).toString("base64"), messageId: "1", publishTime: time };
    expect(await decodePush(JSON.stringify({ message, deliveryAttempt: 1 }), fired)).to.include({ sentAtMs: fired });
    const Metadata = { DequeueCount: "1", InsertionTime: JSON.stringify(time) };
    const invocation = JSON.stringify({ Data: { message: JSON.stringify(body) }, Metadata });
    expect(decodeInvocation(invocation)).to.deep.equal({ body, deliveries: 1, sentAtMs: fired });

    const world = await trained();
    const record = { messageId: "1", receiptHandle: "handle", body, eventSource: "aws:sqs" };
    const attributes = { ApproximateReceiveCount: "1", SentTimestamp: String(fired) };
    const payload = JSON.stringify({ Records: [{ ...record, attributes }] });
    const { worker } = cloudWorkerOn(world);
    await handleBatch(
      { payload, deadlineMs: Infinity },
      worker,
      async () => {},
      () => {},
    );
    expect(await jobsOf(world)).to.include("arithmetic-1-2");
  });

  it("for a job that was never submitted is put away, and says so in the log and in the store", async () => {
    const world = new World();
    const { worker, lines } = cloudWorkerOn(world);
    const delivery = firing(fired, 1, "nobody");
    expect(await worker.handle(delivery, Infinity)).to.equal("failed");
    expect(delivery.state).to.equal("acknowledged");
    expect(lines.at(-1)).to.include({ severity: "ERROR" });
    expect(lines.at(-1)!.message).to.include("started no run: There is no job nobody in this store");
    const record = await world.store.get(keys.retraining("nobody", "nightly-2026-11-25T03-00"));
    expect(Buffer.from(record!).toString()).to.include("There is no job nobody");
  });
});

describe("an object under incoming/", () => {
  const folder = temporaryFolder();
  /** A job that was submitted with 40 rows. */
  async function submitted(data: object = {}) {
    const world = new World();
    const document = { data: { train: "train.csv", heldOut: { fraction: 0.2 }, ...data } };
    const job = await smallJob(world.store, folder(), document);
    await submit(world.store, { send: async () => {} }, 0, job.document, job.plan);
    const { plan } = job;
    const put = async (name: string, text: string) => {
      world.clock.pass(1);
      await world.store.putIfAbsent(`incoming/sentiment/${name}`, Buffer.from(text));
      return arrival(`incoming/sentiment/${name}`);
    };
    return { world, plan, put };
  }

  it("trains the job on all that is there", async () => {
    const { world, plan, put } = await submitted();
    const { worker } = cloudWorkerOn(world);
    await put("old/a.csv", reviews(100, 30));
    expect(await worker.handle(await put("b.csv", reviews(200, 20)), Infinity)).to.equal("done");
    const started = (await jobsOf(world)).find((job) => job !== plan.job)!;
    const { document, plan: newPlan } = (await readJob(world.store, started))!;
    expect(document.data.train).to.equal("train.csv");
    const { train, heldOut } = await readDatasetManifest(world.store, newPlan.datasetHash);
    expect(train.examples + heldOut.examples).to.equal(50);
    expect(heldOut.examples).to.be.greaterThan(0);
    expect((await world.queue.receive(60))!.body).to.include(started);
  });

  it("is told of twice and starts one run; a further object starts another", async () => {
    const { world, put } = await submitted();
    const { worker } = cloudWorkerOn(world);
    const told = await put("a.csv", reviews(100, 30));
    await worker.handle(told, Infinity);
    await worker.handle(arrival("incoming/sentiment/a.csv", 2), Infinity);
    expect(await jobsOf(world)).to.have.length(2);
    await worker.handle(await put("b.csv", reviews(200, 20)), Infinity);
    expect(await jobsOf(world)).to.have.length(3);
  });

  it("is what a schedule trains on too, a new run each time", async () => {
    const { world, plan, put } = await submitted();
    const { worker } = cloudWorkerOn(world);
    await worker.handle(await put("a.csv", reviews(100, 30)), Infinity);
    const started = (await jobsOf(world)).find((job) => job !== plan.job)!;
    await worker.handle(firing(fired, 1, "sentiment"), Infinity);
    expect(await jobsOf(world))
      .to.include(`${started}-2`)
      .and.to.have.length(3);
  });

  for (const [what, data, name, text, reason] of [
    [
      "held-out rows in a file",
      { heldOut: "test.csv" },
      "a.csv",
      reviews(0, 9),
      "the machine that the job was submitted",
    ],
    ["pictures", { format: "images" }, "a.csv", reviews(0, 9), "this job reads pictures"],
    ["a bad row", {}, "a.csv", "text,label\nhello,\n", "a.csv:2"],
    ["a file of an unknown kind", {}, "a.xls", "?", "the extension"],
  ] as const) {
    it(`starts no run and says why: ${what}`, async () => {
      const { world, put } = await submitted(data);
      const { worker, lines } = cloudWorkerOn(world);
      const told = await put(name, text);
      expect(await worker.handle(told, Infinity)).to.equal("failed");
      expect(told.state).to.equal("acknowledged");
      expect(lines.at(-1)!.message).to.include("New data of sentiment started no run:").and.to.include(reason);
      expect(await jobsOf(world)).to.have.length(1);
    });
  }

  it("whose reading never comes to its end is given up, and its message is put away", async () => {
    const { world, put } = await submitted();
    const { body } = await put("a.csv", reviews(0, 9));
    const store = Object.assign(Object.create(world.store), {
      putIfAbsent: world.store.putIfAbsent.bind(world.store),
      list: world.store.list.bind(world.store),
      head: world.store.head.bind(world.store),
      async get(key: string, range?: never) {
        if (key.startsWith("incoming/")) throw new Error("connection reset");
        return world.store.get(key, range);
      },
    });
    const { worker, lines } = cloudWorkerOn(world, { openCloud: async () => ({ store, queue: world.queue }) });
    const outcomes: string[] = [];
    for (let attempt = 1; attempt <= 6; attempt++)
      outcomes.push(await worker.handle(new NotedDelivery(body, attempt), Infinity));
    expect(outcomes).to.deep.equal(["retry", "retry", "retry", "retry", "retry", "failed"]);
    expect(lines.at(-1)!.message).to.include("its data was begun to be read 5 times");
  });
});
