import "../../worker-runtime/src/clouds/attempts.ts"; // Loaded now: the worker imports it late, and files are no part of the simulation.
import { CloudWorker } from "../../worker-runtime/src/clouds/cloud-worker.ts";
import { StartUp } from "../../worker-runtime/src/clouds/start-up.ts";
import type { Plan } from "../../worker-runtime/src/job/plan.ts";
import "../../worker-runtime/src/protocol/worker.ts";
import { ArithmeticLearner } from "../worker/protocol/arithmetic-learner.ts";
import { Caller } from "./caller.ts";
import type { Chance } from "./chance.ts";
import type { Injector } from "./injector.ts";
import type { Options } from "./options.ts";
import { type QueuedMessage, SimulatedQueue, taskIn } from "./queue.ts";
import type { Scheduler } from "./scheduler.ts";
import type { SimulatedStore } from "./store.ts";

/** A function instance: works on one message at a time, and keeps what it has read until it ends. */
interface Instance {
  readonly caller: Caller;
  readonly worker: CloudWorker;
  readonly version: number;
  deadlineMs: number;
  message: QueuedMessage | undefined;
}

/** What the checks are told. */
export interface FunctionEvents {
  acknowledging(body: string): void;
  training(startedAtMs: number, task: string): void;
}

/** The simulated platform: starts a function for each visible message, as many at once as it is allowed to. */
export class Functions {
  readonly queue: SimulatedQueue;
  limit: number;
  started = 0;
  readonly #busy = new Set<Instance>();
  #idle: Instance[] = [];
  readonly #ready: QueuedMessage[] = [];
  /** Failures of each message so far, whatever copy of it. */
  readonly #failures = new Map<string, number>();
  readonly #starts = new Map<string, number>();
  #version = 1;
  #instances = 0;
  readonly #scheduler: Scheduler;
  readonly #injector: Injector;
  readonly #chance: Chance;
  readonly #options: Options;
  readonly #store: SimulatedStore;
  readonly #events: FunctionEvents;

  constructor(
    scheduler: Scheduler,
    injector: Injector,
    chance: Chance,
    options: Options,
    store: SimulatedStore,
    events: FunctionEvents,
  ) {
    this.#scheduler = scheduler;
    this.#injector = injector;
    this.#chance = chance;
    this.#options = options;
    this.#store = store;
    this.#events = events;
    this.limit = options.functions.concurrency;
    this.queue = new SimulatedQueue(scheduler, injector, chance, options, (message) => {
      this.#ready.push(message);
      this.pump();
    });
  }

  get busy(): number {
    return this.#busy.size;
  }

  /** Delivers what can be delivered. */
  pump(): void {
    while (this.#ready.length > 0 && this.#busy.size < this.limit) {
      const reordered = this.#ready.length > 1 && this.#injector.strikes("reordered");
      const [message] = this.#ready.splice(reordered ? this.#chance.whole("order", 1, this.#ready.length - 1) : 0, 1);
      if (message!.gone) continue;
      const receipt = this.queue.take(message!);
      if (this.#injector.strikes("lostDelivery")) continue;
      void this.#invoke(message!, receipt);
    }
  }

  /** Rolls out a new version: what is idle ends, what is busy ends after its task, or at once. */
  deploy(atOnce: boolean): void {
    this.#version++;
    this.#idle = [];
    if (atOnce) for (const { caller } of [...this.#busy]) if (caller.mayFail()) caller.kill();
  }

  async #invoke(message: QueuedMessage, receipt: number): Promise<void> {
    const { coldStartMs, timeLimitSeconds } = this.#options.functions;
    const warm = this.#idle.pop();
    const instance = warm ?? this.#newInstance();
    const { caller } = instance;
    this.#busy.add(instance);
    this.started++;
    instance.message = message;
    // A fifth failure rightly ends a job, so only the first three tries of a task meet with any.
    caller.steady = this.#countStart(message) > 3;
    if (!warm) await caller.sleep(coldStartMs * this.#chance.between("cold", 0.5, 2));
    const deadlineMs = this.#scheduler.nowMs() + timeLimitSeconds * 1000;
    instance.deadlineMs = deadlineMs;
    this.#scheduler.after(timeLimitSeconds * 1000, () => {
      if (instance.message === message && instance.deadlineMs === deadlineMs) caller.kill();
    });
    this.#injector.note(`${caller.name} begins ${taskIn(message.body)} delivery ${message.deliveries}`);
    try {
      await this.#handle(instance, message, receipt);
    } catch (error) {
      this.#injector.note(`${caller.name} failed: ${(error as Error).message}`);
    }
    instance.message = undefined;
    this.#busy.delete(instance);
    if (caller.alive && instance.version === this.#version) this.#idle.push(instance);
    this.pump();
  }

  /** About what the worker's own count is going to be (clouds/attempts.ts). */
  #countStart({ body, deliveries }: QueuedMessage): number {
    if (deliveries <= 1) return 1;
    const starts = (this.#starts.get(body) ?? 1) + 1;
    this.#starts.set(body, starts);
    return starts;
  }

  async #handle(instance: Instance, message: QueuedMessage, receipt: number): Promise<void> {
    const { caller, worker } = instance;
    await worker.handle(
      {
        body: message.body,
        attempt: message.deliveries,
        acknowledge: () => {
          this.#events.acknowledging(message.body);
          return this.queue.acknowledge(caller, message, receipt);
        },
        release: (delaySeconds) => this.queue.release(caller, message, receipt, delaySeconds),
      },
      instance.deadlineMs,
    );
  }

  #newInstance(): Instance {
    const caller = new Caller(`f${++this.#instances}.v${this.#version}`, this.#scheduler);
    const instance: Instance = {
      caller,
      version: this.#version,
      deadlineMs: 0,
      message: undefined,
      worker: new CloudWorker({
        platform: "aws-lambda",
        clock: caller,
        log: (severity, words) => this.#injector.note(`${caller.name} ${severity} ${words}`),
        openCloud: async () => ({ store: this.#store.for(caller), queue: this.queue.for(caller) }),
        openLearner: async (_, __, plan) => this.#learner(plan, caller, instance),
        loadTensorFlow: () => {},
        startUp: new StartUp(),
      }),
    };
    caller.mayFail = () => {
      if (!this.#injector.active || !instance.message || caller.steady) return false;
      const failures = this.#failures.get(instance.message.body) ?? 0;
      if (failures >= 3) return false;
      this.#failures.set(instance.message.body, failures + 1);
      return true;
    };
    caller.onKilled = () => {
      this.#injector.note(`${caller.name} is dead`);
      instance.message = undefined;
      this.#busy.delete(instance);
      this.pump();
    };
    if (this.#injector.strikes("straggler")) caller.slowness = 10;
    if (this.#injector.strikes("clockJump")) {
      caller.skewMs = this.#chance.between("skew", -3.6e6, 3.6e6);
      this.#scheduler.after(this.#chance.between("jump", 0, 60_000), () => {
        caller.skewMs = this.#injector.active ? this.#chance.between("skew", -3.6e6, 3.6e6) : 0;
      });
    }
    return instance;
  }

  /** Real arithmetic that takes simulated time. */
  #learner(plan: Plan, caller: Caller, instance: Instance) {
    const learner = new ArithmeticLearner(plan.weightCount, plan.seed);
    const { train, measure } = learner;
    learner.train = async (round, worker, from, toStep) => {
      this.#events.training(this.#scheduler.sinceBeginMs, instance.message ? taskIn(instance.message.body) : "none");
      await caller.sleep(this.#options.functions.localStepMs * (toStep - from.step));
      return train.call(learner, round, worker, from, toStep);
    };
    learner.measure = async (worker, weights) => {
      await caller.sleep(this.#options.functions.localStepMs);
      return measure.call(learner, worker, weights);
    };
    return learner;
  }
}
