import type { ByteRange, ObjectStore } from "../../worker-runtime/src/ports/object-store.ts";
import type { TaskQueue } from "../../worker-runtime/src/ports/task-queue.ts";
import "../../worker-runtime/src/protocol/finish.ts"; // Loaded now: the worker imports it late, and simulated time does not wait for files.
import { Chance } from "../../test/simulation/chance.ts";
import { Scheduler } from "../../test/simulation/scheduler.ts";
import { keys } from "../../worker-runtime/src/protocol/keys.ts";
import { submit } from "../../worker-runtime/src/protocol/submit.ts";
import { type StubJob, stubJob, stubWorker } from "./stub-world.ts";

/** How fast a function reaches the store, and messages a function. */
export interface Network {
  readonly bytesPerSecond: number;
  readonly latencyMs: number;
  /** From when a message is sent to when a function begins with it. */
  readonly queueMs: number;
}

/** Requests of all functions, and the bytes that they moved. */
export interface Requests {
  put: number;
  get: number;
  head: number;
  list: number;
  bytes: number;
}

/** A store in simulated time. Each function has a line of its own to it: requests wait at once, and bytes one after the other. */
export class ShapedStore {
  readonly scheduler: Scheduler;
  readonly requests: Requests = { put: 0, get: 0, head: 0, list: 0, bytes: 0 };
  readonly objects = new Map<string, { readonly body: Uint8Array; readonly createdAtMs: number }>();
  onCreated: (key: string) => void = () => {};
  readonly #network: Network;

  constructor(scheduler: Scheduler, network: Network) {
    this.scheduler = scheduler;
    this.#network = network;
  }

  /** The store as one function sees it. */
  line(): ObjectStore {
    let freeAtMs = 0;
    const { bytesPerSecond, latencyMs } = this.#network;
    const travel = async (kind: "put" | "get" | "head" | "list", bytes: number) => {
      this.requests[kind]++;
      this.requests.bytes += bytes;
      const nowMs = this.scheduler.nowMs();
      freeAtMs = Math.max(nowMs + latencyMs, freeAtMs) + (1000 * bytes) / bytesPerSecond;
      await this.scheduler.sleep(freeAtMs - nowMs);
    };
    const info = (key: string) => {
      const found = this.objects.get(key);
      return found && { key, sizeBytes: found.body.length, createdAtMs: found.createdAtMs };
    };
    return {
      putIfAbsent: async (key, body) => {
        await travel("put", body.length);
        if (this.objects.has(key)) return "exists";
        this.objects.set(key, { body: body.slice(), createdAtMs: this.scheduler.nowMs() });
        this.onCreated(key);
        return "created";
      },
      get: async (key, range?: ByteRange) => {
        const body = this.objects.get(key)?.body;
        const { offsetBytes, lengthBytes } = range ?? { offsetBytes: 0, lengthBytes: body?.length ?? 0 };
        await travel("get", body ? lengthBytes : 0);
        return body?.slice(offsetBytes, offsetBytes + lengthBytes);
      },
      head: async (key) => {
        await travel("head", 0);
        return info(key);
      },
      list: async (prefix) => {
        await travel("list", 0);
        return [...this.objects.keys()]
          .filter((key) => key.startsWith(prefix))
          .sort()
          .map((key) => info(key)!);
      },
      delete: async (key) => void this.objects.delete(key),
    };
  }
}

export interface ShapedRound {
  readonly seconds: number;
  /** From when the last update is stored. */
  readonly aggregationSeconds: number;
  readonly requests: Requests;
}

export interface ShapedOptions {
  readonly computeMs?: number;
  readonly apartMs?: number;
  /** Every message comes two to five times; the copies so long after it, at another function. */
  readonly copies?: { readonly fromMs: number; readonly toMs: number };
}

/**
 * Runs the protocol's own code, with learning that takes `computeMs` a round, in simulated time: a warm function for each worker
 * and each shard. Workers end `apartMs` one after the other; 0: all at the same moment, where each sees the round complete. Gives
 * what a round takes in the steady state, the mean of all training rounds but the first, without the time that is waited for the last.
 */
export async function runShaped(
  job: StubJob,
  network: Network,
  { computeMs = 0, apartMs = 0, copies }: ShapedOptions = {},
): Promise<ShapedRound> {
  const scheduler = new Scheduler();
  const store = new ShapedStore(scheduler, network);
  const { document, plan, manifest } = stubJob(job);
  const closed: { readonly atMs: number; readonly aggregationMs: number; readonly requests: Requests }[] = [];
  let lastUpdateAtMs = 0;
  store.onCreated = (key) => {
    if (key.startsWith(keys.updates(plan.job, closed.length))) lastUpdateAtMs = scheduler.nowMs();
    if (key !== keys.manifest(plan.job, closed.length)) return;
    const atMs = scheduler.nowMs();
    closed.push({ atMs, aggregationMs: atMs - lastUpdateAtMs, requests: { ...store.requests } });
    // As a bucket's lifecycle would, so that memory holds two rounds.
    for (const old of store.objects.keys())
      if (old.startsWith(keys.updates(plan.job, closed.length - 2))) store.objects.delete(old);
  };
  const functions = Array.from({ length: Math.max(plan.workers, plan.reducers) + 1 }, (_, i) => {
    const line = store.line();
    let busy: Promise<unknown> = Promise.resolve();
    const messages: TaskQueue = { send: (bodies, options) => queue.send(bodies, options) };
    const how = { place: `function-${i}`, clock: scheduler, computeMs: computeMs + i * apartMs };
    const worker = stubWorker(plan, line, messages, how);
    return (body: string) => {
      const acknowledge = async () => {};
      busy = busy.then(async () => {
        const handled = await worker.handle({ body, attempt: 1, acknowledge, release: acknowledge });
        if (handled.outcome !== "done") throw new Error(`a task came to ${handled.outcome}`, { cause: handled });
      });
      // Told by `failed` below, once the simulation stands still.
      busy.catch((error) => failed.push(error));
    };
  });
  const failed: unknown[] = [];
  const chance = new Chance(1);
  const queue: TaskQueue = {
    async send(messages, { delaySeconds = 0 } = {}) {
      await scheduler.sleep(network.queueMs / 2);
      for (const body of messages) {
        const { kind, worker, shard } = JSON.parse(body).task;
        const index = kind === "advance" ? functions.length - 1 : (worker ?? shard ?? 0);
        const comesMs = 1000 * delaySeconds + network.queueMs / 2;
        scheduler.after(comesMs, () => functions[index]!(body));
        const more = copies ? chance.whole("copies", 1, 4) : 0;
        for (let copy = 1; copy <= more; copy++) {
          const lateMs = chance.between("late", copies!.fromMs, copies!.toMs);
          scheduler.after(comesMs + lateMs, () => functions[(index + copy) % functions.length]!(body));
        }
      }
    },
  };
  store.objects.set("datasets/none/manifest.json", { body: Buffer.from(JSON.stringify(manifest)), createdAtMs: 0 });
  void submit(store.line(), queue, 0, document, plan);
  await scheduler.run(() => closed.length === plan.rounds || failed.length > 0);
  if (failed.length > 0) throw failed[0];
  const [first, last] = [closed[0]!, closed.at(-1)!];
  const rounds = closed.length - 1;
  const mean = (name: keyof Requests) => (last.requests[name] - first.requests[name]) / rounds;
  return {
    aggregationSeconds: last.aggregationMs / 1000,
    seconds: ((last.atMs - first.atMs) / rounds - (plan.workers - 1) * apartMs) / 1000,
    requests: { put: mean("put"), get: mean("get"), head: mean("head"), list: mean("list"), bytes: mean("bytes") },
  };
}
