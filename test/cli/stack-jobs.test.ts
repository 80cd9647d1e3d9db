import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { LocalObjectStore } from "../../worker-runtime/src/clouds/local/object-store.ts";
import { MemoryObjectStore } from "../../worker-runtime/src/clouds/memory/object-store.ts";
import { MemoryTaskQueue } from "../../worker-runtime/src/clouds/memory/task-queue.ts";
import { cancelJob } from "../../worker-runtime/src/clouds/stack/cancel-job.ts";
import { fetchResult } from "../../worker-runtime/src/clouds/stack/fetch-result.ts";
import { listJobs, readStatus } from "../../worker-runtime/src/clouds/stack/job-status.ts";
import type { Stack } from "../../worker-runtime/src/clouds/stack/open-stack.ts";
import { submitJob } from "../../worker-runtime/src/clouds/stack/submit-job.ts";
import { uploadDataset } from "../../worker-runtime/src/clouds/stack/upload-dataset.ts";
import { pauseMs, watchJob } from "../../worker-runtime/src/clouds/stack/watch-job.ts";
import { functionSize } from "../../worker-runtime/src/cost/cost-model.ts";
import { listPrices } from "../../worker-runtime/src/cost/prices.ts";
import { UserError } from "../../worker-runtime/src/errors.ts";
import { sha256 } from "../../worker-runtime/src/hash.ts";
import type { RunEvent } from "../../worker-runtime/src/job/events.ts";
import { readJob } from "../../worker-runtime/src/job/parse.ts";
import type { ObjectInfo, ObjectStore } from "../../worker-runtime/src/ports/object-store.ts";
import { setBudget } from "../../worker-runtime/src/protocol/budget.ts";
import { budgetOf, decide, readDecisions } from "../../worker-runtime/src/protocol/decisions.ts";
import { keys } from "../../worker-runtime/src/protocol/keys.ts";
import { MeteredStore } from "../../worker-runtime/src/protocol/metered-store.ts";
import { verifyJob } from "../../worker-runtime/src/protocol/verify.ts";
import { checkResultFiles } from "../../worker-runtime/src/result/read-result.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { planOf, World } from "../worker/protocol/world.ts";
import { writeJob } from "./reviews-job.ts";

const { job } = planOf();
const going = { signal: new AbortController().signal, onEvent: () => {} };

/** Works on so many messages of a world's queue. */
async function workOn(world: World, messages: number): Promise<void> {
  const worker = world.worker();
  for (let i = 0; i < messages; i++) await worker.handle((await world.queue.receive(300))!);
}

/** A job that has come to its end. */
async function ended(): Promise<World> {
  const world = new World();
  await world.submit();
  await world.work();
  return world;
}

describe("the state of a stack's jobs", () => {
  it("goes from waiting over its rounds to the result", async () => {
    const world = new World();
    expect(await readStatus(world.store, job)).to.equal(undefined);
    await world.submit();
    expect(await readStatus(world.store, job)).to.include({ state: "waiting", closedRounds: 0, rounds: 3, workers: 3 });

    // The look at the start, and two of the three workers.
    await workOn(world, 3);
    expect(await readStatus(world.store, job)).to.include({ state: "running", closedRounds: 0, workersDone: 2 });
    world.clock.pass(60);
    // The third worker, the delayed look at the round, and a worker of the next one.
    await workOn(world, 3);
    const running = (await readStatus(world.store, job))!;
    expect(running).to.include({ state: "running", closedRounds: 1, workersDone: 1 });
    expect(running.lastStoredAtMs - running.submittedAtMs).to.equal(60_000);
    expect(running.trainLoss).to.be.greaterThan(0);

    await world.work();
    const finished = (await readStatus(world.store, job))!;
    const { weightsHash, metrics } = (await world.result())!;
    expect(finished).to.include({ state: "finished", closedRounds: 4, weightsHash, divergences: 0 });
    expect(finished.measured).to.deep.equal({ round: 3, metrics });
  });

  it("tells the newest measurement where not every round is measured", async () => {
    const world = new World({ plan: planOf({ evaluateEvery: 2, workers: 1, rounds: 6 }) });
    await world.submit();
    await workOn(world, 5);
    const { closedRounds, measured } = (await readStatus(world.store, job))!;
    expect({ closedRounds, round: measured?.round }).to.deep.equal({ closedRounds: 4, round: 2 });
  });

  it("lists jobs, the newest first, and nothing that is no job", async () => {
    const store = new MemoryObjectStore(new ManualClock());
    const clock = new ManualClock();
    const timed = new MemoryObjectStore(clock);
    for (const name of ["older", "newer"]) {
      await timed.putIfAbsent(keys.spec(name), Buffer.from("{}"));
      await timed.putIfAbsent(keys.plan(name), Buffer.from("{}"));
      clock.pass(10);
    }
    await timed.putIfAbsent(keys.manifest("older", 0), Buffer.from("{}"));
    await timed.putIfAbsent("jobs/check-1/race", Buffer.from("left by a check"));
    await timed.putIfAbsent(keys.spec("broken-off"), Buffer.from("{}"));
    const jobs = await listJobs(timed);
    expect(jobs.map(({ job, state, closedRounds }) => [job, state, closedRounds])).to.deep.equal([
      ["newer", "waiting", 0],
      ["older", "running", 1],
    ]);
    expect(await listJobs(store)).to.deep.equal([]);
  });

  it("says why a job failed, and is not misled by a cancel that came too late", async () => {
    const failed = new World();
    await failed.submit();
    await decide(failed.store, job, "failed", { reason: "the loss is NaN" });
    expect(await readStatus(failed.store, job)).to.include({ state: "failed", reason: "the loss is NaN" });

    const late = await ended();
    await decide(late.store, job, "cancel", { reason: "too late" });
    expect((await listJobs(late.store))[0]).to.include({ state: "finished" });
    const status = (await readStatus(late.store, job))!;
    expect(status).to.include({ state: "finished" });
    expect(status).not.to.have.property("reason");
  });
});

describe("a stack's job that has spent its budget", () => {
  const folder = temporaryFolder();
  const size = functionSize("aws", 2048);
  const capOf = (dollars: number) => ({
    dollars,
    bills: [{ cloud: "aws" as const, prices: listPrices.aws, size, fixedDollars: 1 }],
  });

  it("says so, has its model fetched, is not cancelled, and goes on with more", async () => {
    const world = new World();
    const { store, clock } = world;
    await setBudget(store, job, capOf(1));
    await world.submit();
    await world.work();
    expect((await listJobs(store))[0]).to.include({ state: "out-of-budget", closedRounds: 1 });
    const status = (await readStatus(store, job))!;
    expect(status).to.include({ state: "out-of-budget" });
    expect(status.reason).to.match(/^of its budget of \$1, \$1\.00 are spent after 1 of 3 rounds/);
    const outcome = await watchJob(store, job, { ...going, clock });
    expect(outcome).to.include({ state: "out-of-budget", weightsHash: status.weightsHash, nextRound: 1 });
    const fetched = await fetchResult(store, job, join(folder(), "model"), going);
    expect(fetched).to.include({ state: "out-of-budget", weightsHash: status.weightsHash });
    const error = await cancelJob(world, job, "late", clock).catch((error: Error) => error);
    expect(error).to.have.property("message").that.includes("has ended already (out-of-budget)");

    await setBudget(store, job, capOf(2));
    expect(await readStatus(store, job)).to.include({ state: "running" });
    await world.submit();
    await world.work();
    expect(await readStatus(store, job)).to.include({
      state: "finished",
      weightsHash: (await world.result())!.weightsHash,
    });
    expect((await world.result())!.weightsHash).to.equal((await (await ended()).result())!.weightsHash);
  });
});

describe("watching a stack's job", () => {
  it("tells each round while it is trained, and what came out", async () => {
    const world = new World();
    await world.submit();
    const events: RunEvent[] = [];
    const watching = watchJob(world.store, job, {
      ...going,
      clock: world.clock,
      onEvent: (event) => events.push(event),
    });
    await world.work();
    const outcome = await watching;
    expect(events[0]).to.include({ type: "plan", job, rounds: 3, primaryMetric: "rmse" });
    expect(events[0]).not.to.have.property("processes");
    expect(events.flatMap((event) => (event.type === "round" ? [event.round] : []))).to.deep.equal([0, 1, 2, 3]);
    expect(outcome).to.include({ state: "finished", weightsHash: (await world.result())!.weightsHash });
    world.clock.pass(3600);
    const { seconds } = await watchJob(world.store, job, { ...going, clock: world.clock });
    expect(seconds).to.equal(outcome.seconds).and.be.lessThan(3600);
    expect(events.at(-1)).to.deep.equal({ type: "finished", ...outcome });
  });

  it("begins a long job ten rounds before its head", async () => {
    const world = new World({ plan: planOf({ rounds: 30, workers: 1 }) });
    await world.submit();
    await world.work();
    const rounds: number[] = [];
    const onEvent = (event: RunEvent) => void (event.type === "round" && rounds.push(event.round));
    await watchJob(world.store, job, { ...going, clock: world.clock, onEvent });
    expect(rounds).to.deep.equal([21, 22, 23, 24, 25, 26, 27, 28, 29, 30]);
  });

  it("asks less and less often while nothing comes, tells of the silence once, and leaves the job alone when it stops", async () => {
    const world = new World();
    await world.submit();
    const stopping = new AbortController();
    const untilMs = world.clock.nowMs() + 3_600_000;
    const clock = {
      nowMs: world.clock.nowMs,
      sleep: async (milliseconds: number) => {
        await world.clock.sleep(milliseconds);
        if (world.clock.nowMs() >= untilMs) stopping.abort();
      },
    };
    const store = new MeteredStore(world.store, clock);
    const notices: string[] = [];
    const outcome = await watchJob(store, job, {
      clock,
      signal: stopping.signal,
      onEvent: (event) => event.type === "notice" && notices.push(event.text),
    });
    expect(outcome).to.include({ state: "interrupted", nextRound: 0 });
    expect(notices).to.deep.equal([
      "No round has been completed for a quarter of an hour; `trivet status` tells more.",
    ]);
    // An hour: 120 looks half a minute apart and some twenty before, of three requests each.
    expect(store.use.get + store.use.head + store.use.list).to.be.lessThan(450);
    expect(store.use.put).to.equal(0);
    await world.work();
    expect((await world.result())!.state).to.equal("finished");
  });

  it("waits a quarter of the silence, a second at the least and half a minute at the most", () => {
    expect([0, 4000, 10_000, 60_000, 1e7].map(pauseMs)).to.deep.equal([1000, 1000, 2500, 15_000, 30_000]);
  });
});

describe("cancelling a stack's job", () => {
  it("ends it at once with the last complete round, and is harmless the second time", async () => {
    const world = new World();
    await world.submit();
    await workOn(world, 5);
    const before = world.queue.size;
    expect(await cancelJob(world, job, "wrong data", world.clock)).to.deep.equal({
      reason: "wrong data",
      wasCancelled: false,
    });
    expect(world.queue.size).to.equal(before + 1);
    expect(await readStatus(world.store, job)).to.include({ state: "cancelling", reason: "wrong data" });
    expect(await cancelJob(world, job, "again", world.clock)).to.deep.equal({
      reason: "wrong data",
      wasCancelled: true,
    });
    // Tasks that were sent before are still done, and complete the round.
    await world.work();
    expect(await world.result()).to.include({ state: "cancelled", reason: "wrong data", round: 2 });
    expect(await readStatus(world.store, job)).to.include({ state: "cancelled", reason: "wrong data" });
    expect(await cancelJob(world, job, "once more", world.clock)).to.include({ wasCancelled: true });
  });

  it("gives a job that had not begun its first weights as the result", async () => {
    const world = new World();
    await world.submit();
    await cancelJob(world, job, "at once", world.clock);
    await world.work();
    expect(await world.result()).to.include({ state: "cancelled", round: 0 });
    expect((await verifyJob(world.store, job)).problems).to.deep.equal([]);
  });

  it("refuses a job that has ended, and one that does not exist", async () => {
    const world = await ended();
    const message = await cancelJob(world, job, "late", world.clock).catch((error: Error) => error.message);
    expect(message).to.equal(`${job} has ended already (finished); there is nothing to cancel.`);
    expect(await readDecisions(world.store, job)).not.to.deep.include({ name: "cancel", reason: "late" });
    const missing = await cancelJob(world, "none", "", world.clock).catch((error: Error) => error.message);
    expect(missing).to.equal("There is no job none in this store.");
  });
});

describe("fetching a stack's result", () => {
  const folder = temporaryFolder();
  const weights = keys.result(job, "weights.bin");
  const target = () => join(folder(), "model");

  async function refused(world: World, to = target()): Promise<string> {
    return fetchResult(world.store, job, to, going).then(
      () => "",
      (error: Error) => {
        expect(error.name).to.equal("UserError");
        return error.message;
      },
    );
  }

  /** Puts other bytes under a key, as no store of ours would. */
  async function damage(world: World, key: string, body: Uint8Array): Promise<void> {
    await world.store.delete(key);
    await world.store.putIfAbsent(key, body);
  }

  it("brings every file, and asks for nothing twice", async () => {
    const world = await ended();
    const manifest = await fetchResult(world.store, job, target(), going);
    expect(manifest).to.deep.equal(await world.result());
    expect(readdirSync(folder())).to.deep.equal(["model"]);
    expect(readdirSync(target()).sort()).to.deep.equal([...Object.keys(manifest.files), "manifest.json"].sort());
    for (const [name, hash] of Object.entries(manifest.files))
      expect(sha256(readFileSync(join(target(), name)))).to.equal(hash);

    const store = new MeteredStore(world.store, world.clock);
    expect(await fetchResult(store, job, target(), going)).to.deep.equal(manifest);
    expect(store.use.get).to.equal(1);
  });

  it("refuses a file whose bytes are not those of its hash, and leaves no folder", async () => {
    const world = await ended();
    const bytes = (await world.store.get(weights))!.slice();
    bytes[3]! ^= 1;
    await damage(world, weights, bytes);
    expect(await refused(world)).to.match(/^jobs\/arithmetic-1\/result\/weights\.bin is damaged in the store/);
    expect(existsSync(target())).to.equal(false);
    await world.store.delete(weights);
    expect(await refused(world)).to.equal(
      `The result of ${job} lacks its file weights.bin: somebody removed it from the store.`,
    );
  });

  it("goes on where it was broken off, and does not trust what it finds there", async () => {
    const world = await ended();
    const stopping = new AbortController();
    const stopped = await fetchResult(stopsAt(world.store, keys.result(job, "job.json"), stopping), job, target(), {
      ...going,
      signal: stopping.signal,
    }).catch((error) => error);
    expect(stopped).to.equal(stopping.signal.reason);
    expect(existsSync(target())).to.equal(false);
    const unfinished = join(folder(), "model.unfinished");
    expect(readdirSync(unfinished)).to.include("job.json").and.not.include("weights.bin");

    const whole = (await world.store.get(weights))!;
    writeFileSync(join(unfinished, "weights.bin"), whole.subarray(0, 40));
    const asked: number[] = [];
    await fetchResult(noting(world.store, weights, asked), job, target(), going);
    expect(asked).to.deep.equal([whole.length - 40]);

    rmSync(target(), { recursive: true });
    mkdirSync(unfinished);
    writeFileSync(join(unfinished, "weights.bin"), Buffer.alloc(40, 7));
    await fetchResult(world.store, job, target(), going);
    expect(readFileSync(join(target(), "weights.bin")).equals(whole)).to.equal(true);
  });

  it("is harmless when several fetch into one folder at once", async () => {
    const world = await ended();
    const fetched = await Promise.all([1, 2, 3].map(() => fetchResult(world.store, job, target(), going)));
    for (const manifest of fetched) expect(await checkResultFiles(target(), manifest)).to.deep.equal([]);
    expect(readdirSync(folder())).to.deep.equal(["model"]);
  });

  it("leaves a folder alone that is something else, and takes an empty one", async () => {
    const world = await ended();
    mkdirSync(target());
    await fetchResult(world.store, job, target(), going);
    writeFileSync(join(target(), "report.html"), "changed");
    expect(await refused(world)).to.match(/model is there already\. The result's file report\.html is not the one/);
    writeFileSync(join(folder(), "mine"), "a file");
    expect(await refused(world, join(folder(), "mine"))).to.match(/mine is there already, and is not this result\./);
    expect(readFileSync(join(folder(), "mine"), "utf8")).to.equal("a file");
  });

  it("refuses a job without a result, and says how it stands", async () => {
    const world = new World();
    await world.submit();
    await workOn(world, 5);
    expect(await refused(world)).to.match(
      /^arithmetic-1 has no result yet: 1 of its rounds are complete\. `trivet watch`/,
    );
    await decide(world.store, job, "failed", { reason: "the loss is NaN" });
    expect(await refused(world)).to.equal(`${job} failed, so it has no result: the loss is NaN`);
    expect(readdirSync(folder())).to.deep.equal([]);
  });

  it("writes no file outside its folder, whatever a manifest names", async () => {
    const world = await ended();
    const manifest = { ...(await world.result())!, files: { "../climbed": sha256("x") } };
    await damage(world, keys.result(job, "manifest.json"), Buffer.from(JSON.stringify(manifest)));
    expect(await refused(world)).to.include("is no manifest that this version of Trivet knows");
    expect(existsSync(join(folder(), "climbed"))).to.equal(false);
  });
});

/** Aborts right after the object's first piece has been read. */
function stopsAt(store: MemoryObjectStore, key: string, stopping: AbortController): MemoryObjectStore {
  return withGet(store, async (asked, range) => {
    const bytes = await store.get(asked, range);
    if (asked === key) stopping.abort();
    return bytes;
  });
}

/** Notes how many bytes are asked of an object. */
function noting(store: MemoryObjectStore, key: string, asked: number[]): MemoryObjectStore {
  return withGet(store, async (name, range) => {
    if (name === key) asked.push(range!.lengthBytes);
    return store.get(name, range);
  });
}

function withGet(store: MemoryObjectStore, get: MemoryObjectStore["get"]): MemoryObjectStore {
  return new Proxy(store, {
    get: (target, name) => (name === "get" ? get : Reflect.get(target, name).bind(target)),
  });
}

describe("submitting a job to a stack", () => {
  const folder = temporaryFolder();

  async function newStack() {
    const clock = new ManualClock();
    const store = new MeteredStore(new MemoryObjectStore(clock), clock);
    const queue = new MemoryTaskQueue(clock);
    return { clock, store, queue } as unknown as Stack & {
      clock: ManualClock;
      store: MeteredStore;
      queue: MemoryTaskQueue;
    };
  }

  interface Changes {
    readonly local?: string;
    readonly again?: boolean;
    readonly signal?: AbortSignal;
    readonly onEvent?: () => void;
  }

  async function submit(stack: Awaited<ReturnType<typeof newStack>>, changes: Changes = {}) {
    const { local = "local", again = false, signal = going.signal, onEvent = () => {} } = changes;
    const events: RunEvent[] = [];
    const { job } = await submitJob(stack, {
      document: await readJob(join(folder(), "job.yaml")),
      folder: folder(),
      local: await LocalObjectStore.open(join(folder(), local)),
      ...{ clock: stack.clock, again, signal },
      onEvent: (event) => {
        events.push(event);
        onEvent();
      },
    });
    return { job, events };
  }

  const datasets = async ({ store }: Stack) => (await store.list("datasets/")).map(({ key }) => key);

  it("uploads the data once, whoever submits it", async () => {
    writeJob(folder(), 2);
    const file = join(folder(), "reviews.csv");
    utimesSync(file, 1e9, 1e9);
    const stack = await newStack();
    const { job, events } = await submit(stack);
    const uploaded = await datasets(stack);
    expect(uploaded.map((key) => key.split("/").slice(2).join("/"))).to.deep.equal([
      ...["manifest.json", "shards/00000.safetensors", "shards/00001.safetensors"],
    ]);
    // Three of the dataset, and the job's document and plan.
    expect(stack.store.use.put).to.equal(5);
    expect(events.map(({ type }) => type)).to.deep.equal(["dataset", "notice", "plan"]);

    // Bytes of which nothing could be made, in a file that looks the same: it is not even read.
    writeFileSync(file, Buffer.alloc(statSync(file).size, "x"));
    utimesSync(file, 1e9, 1e9);
    expect((await submit(stack)).job).to.equal(job);
    expect(stack.store.use.put).to.equal(7);
    expect(stack.store.use.bytesWritten).to.be.lessThan(10_000 + (await sizeOf(stack)));

    writeJob(folder(), 2);
    expect((await submit(stack, { local: "colleague" })).job).to.equal(job);
    expect(stack.store.use.put).to.equal(9);
    expect(await datasets(stack)).to.deep.equal(uploaded);
  });

  it("holds a budget against the prices of the stack's own cloud, and does not make another job of it", async () => {
    writeJob(folder(), 2);
    const stack = { ...(await newStack()), outputs: { cloud: "gcp" } } as unknown as Awaited<
      ReturnType<typeof newStack>
    >;
    const { job } = await submit(stack);
    const file = join(folder(), "job.yaml");
    writeFileSync(file, `${readFileSync(file, "utf8")}budget: { dollars: 2.5 }\n`);
    expect((await submit(stack)).job).to.equal(job);
    const { number, budget } = budgetOf(await readDecisions(stack.store, job))!;
    expect({ number, dollars: budget.dollars }).to.deep.equal({ number: 1, dollars: 2.5 });
    expect(budget.bills.map(({ cloud, prices }) => [cloud, prices.region])).to.deep.equal([["gcp", "us-central1"]]);
    expect(budget.bills[0]!.fixedDollars).to.be.within(1e-5, 0.01);
  });

  it("goes on with an upload that was broken off, and overwrites nothing", async () => {
    writeJob(folder(), 2);
    const stack = await newStack();
    await submit(stack);
    const [manifest, first, second] = await datasets(stack);
    await stack.store.delete(manifest!);
    await stack.store.delete(second!);
    stack.clock.pass(60);
    const createdAtMs = (await stack.store.head(first!))!.createdAtMs;
    const putsBefore = stack.store.use.put;
    await submit(stack);
    expect(stack.store.use.put).to.equal(putsBefore + 4);
    expect((await stack.store.head(first!))!.createdAtMs).to.equal(createdAtMs);
    expect(await datasets(stack)).to.deep.equal([manifest, first, second]);
  });

  it("overwrites nothing where two upload the same data at once", async () => {
    writeJob(folder(), 2);
    const stack = await newStack();
    await submit(stack, { local: "colleague" });
    const uploaded = await stack.store.list("datasets/");
    stack.clock.pass(60);
    // As it looks to who asked before the other one began.
    const { store } = stack;
    const blind: ObjectStore = {
      putIfAbsent: (key, body) => store.putIfAbsent(key, body),
      get: (key) => store.get(key),
      head: async () => undefined,
      list: async () => [],
      delete: (key) => store.delete(key),
    };
    await uploadDataset(await LocalObjectStore.open(join(folder(), "colleague")), blind, await datasetOf(stack), going);
    expect(await stack.store.list("datasets/")).to.deep.equal(uploaded);
  });

  it("uploads nothing that is damaged here", async () => {
    writeJob(folder(), 2);
    await submit(await newStack());
    const [shards] = readdirSync(join(folder(), "local", "datasets"));
    const shard = join(folder(), "local", "datasets", shards!, "shards", "00000.safetensors");
    writeFileSync(shard, Buffer.concat([readFileSync(shard).subarray(0, -1), Buffer.from("?")]));
    const stack = await newStack();
    const { message } = await submit(stack).then(
      () => ({ message: "" }),
      (error: Error) => error,
    );
    expect(message).to.match(
      /^datasets\/[0-9a-f]{64}\/shards\/00000\.safetensors on this machine is damaged or gone\. Delete/,
    );
    expect(await datasets(stack)).not.to.include(`datasets/${shards}/manifest.json`);
    expect(stack.queue.size).to.equal(0);
  });

  it("stops while the data is prepared, and has started nothing then", async () => {
    writeJob(folder(), 2);
    const stack = await newStack();
    const stopping = new AbortController();
    const error = await submit(stack, { signal: stopping.signal, onEvent: () => stopping.abort() }).catch(
      (error) => error,
    );
    expect(error).to.equal(stopping.signal.reason);
    expect((await stack.store.list("")).map(({ key }) => key)).to.deep.equal([]);
    expect(stack.queue.size).to.equal(0);
  });

  it("reads no data for a stack that cannot be reached", async () => {
    writeJob(folder(), 2);
    const stack = await newStack();
    stack.store.list = async () => {
      throw new UserError("there is no such bucket");
    };
    const { message } = await submit(stack).then(
      () => ({ message: "" }),
      (error: Error) => error,
    );
    expect(message).to.equal("there is no such bucket");
    expect(existsSync(join(folder(), "local", "datasets"))).to.equal(false);
  });

  it("starts a job that has ended once more only when asked to", async () => {
    writeJob(folder(), 2);
    const stack = await newStack();
    const { job } = await submit(stack);
    await decide(stack.store, job, "failed", { reason: "no memory" });
    const repeated = await submit(stack);
    expect(repeated.events.at(-1)).to.deep.equal({
      type: "notice",
      text: `${job} has failed before; --again tries once more.`,
    });
    expect((await submit(stack, { again: true })).job).to.equal(`${job}-2`);
  });
});

/** The one dataset of a stack. */
async function datasetOf({ store }: Stack) {
  const [{ key }] = (await store.list("datasets/")) as [ObjectInfo];
  return { hash: key.split("/")[1]!, manifest: JSON.parse(Buffer.from((await store.get(key))!).toString()) };
}

async function sizeOf({ store }: Stack): Promise<number> {
  return (await store.list("datasets/")).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
