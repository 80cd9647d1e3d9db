import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import * as aws from "../../worker-runtime/src/clouds/aws/object-store.ts";
import * as azure from "../../worker-runtime/src/clouds/azure/object-store.ts";
import * as gcp from "../../worker-runtime/src/clouds/gcp/object-store.ts";
import { MemoryObjectStore } from "../../worker-runtime/src/clouds/memory/object-store.ts";
import { MemoryTaskQueue } from "../../worker-runtime/src/clouds/memory/task-queue.ts";
import type { Plan } from "../../worker-runtime/src/job/plan.ts";
import type { ObjectStore } from "../../worker-runtime/src/ports/object-store.ts";
import { keys } from "../../worker-runtime/src/protocol/keys.ts";
import type { LocalState } from "../../worker-runtime/src/protocol/learner.ts";
import { decodeMessage, type Message } from "../../worker-runtime/src/protocol/messages.ts";
import { MeteredStore, type StoreUse } from "../../worker-runtime/src/protocol/metered-store.ts";
import { submit } from "../../worker-runtime/src/protocol/submit.ts";
import { Worker } from "../../worker-runtime/src/protocol/worker.ts";
import { makeBlobContainer, makeGcsBucket, makeS3Bucket } from "../support/cloud-places.ts";
import { startAzurite, startFakeGcsServer, startMoto } from "../support/emulators.ts";
import { awsEnvironment } from "../support/environment.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { type Middleman, startMiddleman } from "../support/middleman.ts";
import { requireTool } from "../support/require-tool.ts";
import { tools } from "../tools/tools.ts";
import { ArithmeticLearner } from "../worker/protocol/arithmetic-learner.ts";
import { documentOf, planOf } from "../worker/protocol/world.ts";
import { recordRound } from "./rounds-table.ts";

/** 400 kB in fp32: large enough that the 4 KiB head of each object counts for little. */
const weightCount = 100_000;

/** Learns nothing, fast: what is asked of the store does not depend on it. */
class StillLearner extends ArithmeticLearner {
  override initialWeights = () => new Float32Array(weightCount);
  override train = async (_: number, worker: number, from: LocalState, toStep: number) => ({
    ...from,
    step: toStep,
    weights: from.weights.map((weight) => weight + worker),
  });
}

function planWith(workers: number, reducers: number, codec: Plan["codec"]): Plan {
  const parameters = [{ name: "w", shape: [weightCount], offset: 0, length: weightCount }];
  return planOf({ workers, reducers, codec, weightCount, parameters, rounds: 2, localSteps: 1, partSteps: 1 });
}

/** Trains, a warm function for each worker, one task after another. Gives what was asked of the store in the second round. */
async function secondRound(store: ObjectStore, plan: Plan, wireCount = () => 0) {
  const clock = new ManualClock();
  const metered = new MeteredStore(store, clock);
  const marks: { use: StoreUse; wire: number }[] = [];
  const marking: ObjectStore = new Proxy(metered, {
    get: (target, name) => {
      const method = Reflect.get(target, name).bind(target);
      if (name !== "putIfAbsent") return method;
      return async (key: string, body: Uint8Array) => {
        const answer = await method(key, body);
        if (key === keys.manifest(plan.job, marks.length)) marks.push({ use: { ...metered.use }, wire: wireCount() });
        return answer;
      };
    },
  });
  const queue = new MemoryTaskQueue(clock);
  const workers = Array.from(
    { length: plan.workers },
    (_, place) =>
      new Worker({
        ...{ store: marking, queue, clock, place: `function-${place}` },
        openLearner: async () => new StillLearner(plan.weightCount, plan.seed),
        peakMemoryBytes: () => 0,
        remainingMs: () => Number.POSITIVE_INFINITY,
      }),
  );
  const manifest = { version: 1, train: { examples: 1 }, heldOut: { examples: 1 }, encoding: null, skippedRows: 0 };
  await store.putIfAbsent("datasets/none/manifest.json", Buffer.from(JSON.stringify(manifest)));
  await submit(store, queue, clock.nowMs(), documentOf(), plan);
  while (marks.length < 2) {
    const delivery = await queue.receive(300);
    const { task } = decodeMessage(delivery!.body) as Message;
    const rank = task.kind === "step" ? task.worker : task.kind === "reduce" ? task.shard : 0;
    const { outcome } = await workers[rank]!.handle(delivery!);
    expect(outcome).to.equal("done");
  }
  const [before, after] = marks as [(typeof marks)[0], (typeof marks)[0]];
  const difference = (field: keyof StoreUse) => after.use[field] - before.use[field];
  return {
    use: {
      ...{ put: difference("put"), get: difference("get"), head: difference("head"), list: difference("list") },
      ...{ bytesRead: difference("bytesRead"), bytesWritten: difference("bytesWritten") },
    },
    wire: after.wire - before.wire,
  };
}

describe("one round at the store", function () {
  this.timeout(180_000);
  const stops: (() => Promise<void>)[] = [];
  const wires: Record<string, { middleman: Middleman; open: () => Promise<ObjectStore> }> = {};
  awsEnvironment();
  before(async function () {
    for (const tool of [tools.moto, tools.fakeGcsServer, tools.azurite]) await requireTool(this, tool);
    const [moto, gcs, azurite] = [await startMoto(), await startFakeGcsServer(), await startAzurite()];
    const between = async (url: string) => {
      const middleman = await startMiddleman(url);
      stops.push(middleman.stop);
      return middleman;
    };
    const s3 = await between(moto.url);
    const storage = await between(gcs.url);
    const blob = await between(new URL(azurite.url).origin);
    stops.push(moto.stop, gcs.stop, azurite.stop);
    wires.S3 = {
      middleman: s3,
      open: async () => aws.openObjectStore(await makeS3Bucket(moto.url), { endpoint: s3.url }),
    };
    wires["Cloud Storage"] = {
      middleman: storage,
      open: async () => gcp.openObjectStore(await makeGcsBucket(gcs.url), { endpoint: storage.url }),
    };
    wires["Blob Storage"] = {
      middleman: blob,
      open: async () => azure.openObjectStore(blob.url + new URL(await makeBlobContainer(azurite.url)).pathname),
    };
  });
  after(async () => {
    for (const stop of stops) await stop();
  });

  for (const [workers, reducers] of [
    [10, 4],
    [32, 8],
  ] as const)
    it(`asks the same of every cloud, and not more than it should, with ${workers} workers`, async () => {
      const shape = { workers, reducers, modelBytes: 4 * weightCount };
      const inMemory = (codec: Plan["codec"]) =>
        secondRound(new MemoryObjectStore(), planWith(workers, reducers, codec)).then(({ use }) => {
          recordRound({ ...shape, backend: "memory", codec, use });
          return use;
        });
      // The 4 KiB heads of what is written and of what reducers read, and the trace: little, but not nothing.
      const heads = (4096 * (2 * workers + 4 * reducers)) / shape.modelBytes;
      const bytes = (use: { bytesRead: number; bytesWritten: number }) =>
        (use.bytesRead + use.bytesWritten) / shape.modelBytes;
      // W updates up and down, W models down; and the reducers' own: the model and its outer momentum, in and out, which in
      // bf16 keep the weights in full precision beside the rounded ones.
      expect(bytes(await inMemory("fp32"))).to.be.below(3 * workers + 4 + heads);
      const expected = await inMemory("bf16");
      expect(bytes(expected)).to.be.below(1.5 * workers + 5 + heads);
      for (const [backend, { middleman, open }] of Object.entries(wires)) {
        const store = await open();
        const { use, wire } = await secondRound(
          store,
          planWith(workers, reducers, "bf16"),
          () => middleman.requests.length,
        );
        expect(use, backend).to.deep.equal(expected);
        const { put, get, head, list } = use;
        expect(wire, `${backend}: requests over the wire`).to.equal(put + get + head + list);
        recordRound({ ...shape, backend, codec: "bf16", use, httpRequests: wire });
        middleman.requests.length = 0;
      }
    });
});
