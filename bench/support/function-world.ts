// A cloud in one process, by discrete events: functions whose computing takes the CPU time that it really takes, and whose
// requests and messages take the time that a shaped network gives them. So a job of many functions is measured without
// waiting, and without one function taking the other's core.
import { AsyncLocalStorage } from "node:async_hooks";
import { setImmediate } from "node:timers/promises";
import type { MemoryObjectStore } from "../../worker-runtime/src/clouds/memory/object-store.ts";
import type { TaskTime, Usage } from "../../worker-runtime/src/cost/cost-model.ts";
import type { Pace } from "../../worker-runtime/src/cost/forecast.ts";
import type { JobDocument } from "../../worker-runtime/src/job/document.ts";
import type { Plan } from "../../worker-runtime/src/job/plan.ts";
import type { ObjectStore } from "../../worker-runtime/src/ports/object-store.ts";
import { submit } from "../../worker-runtime/src/protocol/submit.ts";
import { Worker } from "../../worker-runtime/src/protocol/worker.ts";
import { openLearner } from "../../worker-runtime/src/training/learner.ts";
import { Random } from "../../worker-runtime/src/training/random.ts";

export type Conditions = Pick<Pace, "startUpMs" | "queueMs" | "storeLatencyMs" | "storeBytesPerSecond">;

/** Milliseconds of CPU that this process has used. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** A function instance, or the client: where its time stands, and when its line to the store is free. */
interface Place {
  readonly worker: Worker | undefined;
  nowMs: number;
  linkFreeAtMs: number;
  isBusy: boolean;
}

interface Event {
  readonly atMs: number;
  readonly run: () => void | Promise<void>;
  readonly place: Place | undefined;
}

export interface Measured extends Usage {
  readonly wallMs: number;
}

/** Runs a job to its end, on `functions` instances at most. `seed`: of the noise of the requests. */
export async function runShaped(
  objects: MemoryObjectStore,
  document: JobDocument,
  plan: Plan,
  conditions: Conditions,
  functions: number,
  seed: number,
): Promise<Measured> {
  const world = new ShapedWorld(objects, plan, conditions, functions, seed);
  return world.run(document);
}

class ShapedWorld {
  readonly #objects: MemoryObjectStore;
  readonly #plan: Plan;
  readonly #conditions: Conditions;
  readonly #functions: number;
  readonly #seed: number;
  readonly #events: Event[] = [];
  readonly #places: Place[] = [];
  readonly #waiting: { readonly body: string; readonly visibleAtMs: number }[] = [];
  readonly #at = new AsyncLocalStorage<Place>();
  readonly #tasks: TaskTime[] = [];
  #markMs = 0;
  #nowMs = 1e12;
  #running: Place | undefined;
  #requests = 0;
  readonly #use = { writes: 0, reads: 0, bytesRead: 0, bytesWritten: 0 };
  #storedBytes = 0;
  #finishedAtMs: number | undefined;

  constructor(objects: MemoryObjectStore, plan: Plan, conditions: Conditions, functions: number, seed: number) {
    this.#objects = objects;
    this.#plan = plan;
    this.#conditions = conditions;
    this.#functions = functions;
    this.#seed = seed;
  }

  async run(document: JobDocument): Promise<Measured> {
    const client: Place = { worker: undefined, nowMs: this.#nowMs, linkFreeAtMs: 0, isBusy: true };
    const startedAtMs = this.#nowMs;
    this.#start(client, () => submit(this.#store, this.#queue, this.#now(), document, this.#plan).then(() => {}));
    for (;;) {
      this.#dispatch();
      const next = this.#earliest();
      if (!next) break;
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      const { place } = next;
      if (place) place.nowMs = Math.max(place.nowMs, next.atMs);
      this.#running = place;
      this.#markMs = cpuMs();
      await next.run();
      // Whatever follows from it without another request runs now.
      for (let i = 0; i < 3; i++) await setImmediate();
      if (place) place.nowMs += cpuMs() - this.#markMs;
      this.#running = undefined;
    }
    if (this.#finishedAtMs === undefined) throw new Error("the job came to no end");
    return {
      ...{ tasks: this.#tasks, ...this.#use, storedBytes: this.#storedBytes, fetchedBytes: 0 },
      wallMs: this.#finishedAtMs - startedAtMs,
    };
  }

  /** The time of the place that runs: its last event, and the CPU time since. */
  #now(): number {
    const place = this.#at.getStore();
    if (!place) return this.#nowMs;
    return place.nowMs + (place === this.#running ? cpuMs() - this.#markMs : 0);
  }

  #start(place: Place, work: () => Promise<void>): void {
    this.#events.push({
      atMs: place.nowMs,
      place,
      run: () => void this.#at.run(place, work).catch((error) => this.#fail(error)),
    });
  }

  #fail(error: Error): void {
    this.#events.push({
      ...{ atMs: 0, place: undefined },
      run: () => {
        throw error;
      },
    });
  }

  #earliest(): Event | undefined {
    const messages = this.#waiting.map(({ visibleAtMs }) => visibleAtMs);
    let best = -1;
    for (const [i, { atMs }] of this.#events.entries()) if (best < 0 || atMs < this.#events[best]!.atMs) best = i;
    const nextMessageMs = Math.min(...messages);
    // Time goes on to the next message when nothing else happens before it.
    if (
      Number.isFinite(nextMessageMs) &&
      nextMessageMs > this.#nowMs &&
      (best < 0 || this.#events[best]!.atMs > nextMessageMs)
    )
      return { atMs: nextMessageMs, place: undefined, run: () => {} };
    return best < 0 ? undefined : this.#events.splice(best, 1)[0];
  }

  /** Gives messages that are visible to functions: one that waits, or else a new one. */
  #dispatch(): void {
    for (let i = 0; i < this.#waiting.length; i++) {
      const { body, visibleAtMs } = this.#waiting[i]!;
      if (visibleAtMs > this.#nowMs) continue;
      let place = this.#places.find(({ isBusy }) => !isBusy);
      let startUpMs = 0;
      if (!place && this.#places.length < this.#functions) {
        place = { worker: this.#newWorker(), nowMs: 0, linkFreeAtMs: 0, isBusy: false };
        this.#places.push(place);
        startUpMs = this.#conditions.startUpMs;
      }
      if (!place) return;
      this.#waiting.splice(i--, 1);
      const receivedAtMs = this.#nowMs;
      place.isBusy = true;
      place.nowMs = receivedAtMs + startUpMs;
      const at = place;
      this.#start(at, async () => {
        const delivery = { body, attempt: 1, acknowledge: async () => {}, release: async () => {} };
        const handled = await at.worker!.handle(delivery);
        if (handled.outcome !== "done") throw new Error(`a task came to ${handled.outcome}`, { cause: handled });
        const endedAtMs = this.#now();
        this.#tasks.push({ count: 1, milliseconds: endedAtMs - receivedAtMs });
        if (JSON.parse(body).task.kind === "finish") this.#finishedAtMs ??= endedAtMs;
        // It is free for others only when its time has come.
        const free = () => {
          at.isBusy = false;
        };
        this.#events.push({ atMs: endedAtMs, place: undefined, run: free });
      });
    }
  }

  #newWorker(): Worker {
    const clock = { nowMs: () => this.#now(), sleep: async () => {} };
    return new Worker({
      ...{ store: this.#store, queue: this.#queue, clock, place: `function-${this.#places.length}` },
      openLearner: (store, document, plan) =>
        openLearner(store, document, plan, { nowMs: clock.nowMs, onNotice: () => {} }),
      peakMemoryBytes: () => process.resourceUsage().maxRSS * 1024,
      remainingMs: () => Infinity,
    });
  }

  readonly #queue = {
    send: async (messages: readonly string[], options?: { readonly delaySeconds?: number }) => {
      const visibleAtMs = this.#now() + this.#conditions.queueMs + 1000 * (options?.delaySeconds ?? 0);
      for (const body of messages) this.#waiting.push({ body, visibleAtMs });
    },
  };

  /** Each request has its effect, and is answered, when its bytes have gone over the place's line. */
  #request<T>(bytes: number | ((answer: T) => number), act: () => Promise<T>): Promise<T> {
    const { storeLatencyMs, storeBytesPerSecond } = this.#conditions;
    const place = this.#at.getStore()!;
    // Between 0.57 and 1.43 times as long: a standard deviation of a quarter, as LambdaML measured.
    const noise = 0.57 + 0.86 * new Random(this.#seed, "request", this.#requests++).uniform(0);
    const answeredAtMs = this.#now() + storeLatencyMs * noise;
    return new Promise<T>((resolve, reject) => {
      const answer = async () => {
        const found = await act();
        const sizeBytes = typeof bytes === "number" ? bytes : bytes(found);
        place.linkFreeAtMs = Math.max(place.linkFreeAtMs, answeredAtMs) + (1000 * sizeBytes) / storeBytesPerSecond;
        this.#events.push({ atMs: place.linkFreeAtMs, place, run: () => resolve(found) });
      };
      // The effect; the answer comes when the last byte has.
      this.#events.push({ atMs: answeredAtMs, place: undefined, run: () => answer().catch(reject) });
    });
  }

  readonly #store: ObjectStore = {
    putIfAbsent: (key, body) => {
      this.#use.writes++;
      this.#use.bytesWritten += body.length;
      return this.#request(body.length, async () => {
        const answer = await this.#objects.putIfAbsent(key, body);
        if (answer === "created") this.#storedBytes += body.length;
        return answer;
      });
    },
    get: (key, range) => {
      this.#use.reads++;
      return this.#request(
        (bytes: Uint8Array | undefined) => {
          this.#use.bytesRead += bytes?.length ?? 0;
          return bytes?.length ?? 0;
        },
        () => this.#objects.get(key, range),
      );
    },
    head: (key) => {
      this.#use.reads++;
      return this.#request(0, () => this.#objects.head(key));
    },
    list: (prefix) => {
      this.#use.writes++;
      return this.#request(0, () => this.#objects.list(prefix));
    },
    delete: (key) => this.#objects.delete(key),
  };
}
