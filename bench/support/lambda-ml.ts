import { Scheduler } from "../../test/simulation/scheduler.ts";
import { type Network, type Requests, ShapedStore } from "./shaped-world.ts";

/**
 * The two exchanges of LambdaML (SIGMOD'21; github.com/DS3Lab/LambdaML, communicator/s3_primitive.py) over the same shaped store: one
 * request after the other, as its code has them. Its polling is left out, to its advantage: who waits for an object knows at once.
 */
export function lambdaML(
  pattern: "AllReduce" | "ScatterReduce",
  modelBytes: number,
  workers: number,
  network: Network,
): Promise<LambdaMLRound> {
  return exchange(workers, network, pattern === "AllReduce" ? allReduce(modelBytes) : scatterReduce(modelBytes));
}

export interface LambdaMLRound {
  readonly seconds: number;
  readonly requests: Requests;
}

interface Program {
  put(key: string, bytes: number): Promise<void>;
  get(key: string): Promise<void>;
}

type Exchange = (worker: number, workers: number, store: Program) => Promise<void>;

/** Each worker stores its gradient; the first reads all of them and stores the sum, which the others read. */
const allReduce =
  (bytes: number): Exchange =>
  async (worker, workers, { put, get }) => {
    await put(`part ${worker}`, bytes);
    if (worker > 0) return get("sum");
    for (let from = 0; from < workers; from++) await get(`part ${from}`);
    await put("sum", bytes);
  };

/** Each worker stores a piece for each other one, sums its own piece of all, stores that, and reads the other sums. */
const scatterReduce =
  (bytes: number): Exchange =>
  async (worker, workers, { put, get }) => {
    const others = Array.from({ length: workers }, (_, i) => i).filter((i) => i !== worker);
    for (const to of others) await put(`part ${worker} ${to}`, bytes / workers);
    for (const from of others) await get(`part ${from} ${worker}`);
    await put(`sum ${worker}`, bytes / workers);
    for (const from of others) await get(`sum ${from}`);
  };

async function exchange(workers: number, network: Network, run: Exchange): Promise<LambdaMLRound> {
  const scheduler = new Scheduler();
  const store = new ShapedStore(scheduler, network);
  const waiting = new Map<string, (() => void)[]>();
  store.onCreated = (key) => {
    for (const wake of waiting.get(key) ?? []) wake();
  };
  const done = Array.from({ length: workers }, (_, worker) => {
    const line = store.line();
    return run(worker, workers, {
      put: async (key, bytes) => void (await line.putIfAbsent(key, new Uint8Array(bytes))),
      get: async (key) => {
        if (!store.objects.has(key))
          await new Promise<void>((resolve) => waiting.set(key, [...(waiting.get(key) ?? []), resolve]));
        await line.get(key);
      },
    });
  });
  let left = workers;
  for (const one of done) void one.then(() => left--);
  await scheduler.run(() => left === 0);
  return { seconds: scheduler.sinceBeginMs / 1000, requests: store.requests };
}
