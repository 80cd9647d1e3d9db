import { CloudWorker, type CloudWorkerParts } from "../../worker-runtime/src/clouds/cloud-worker.ts";
import { StartUp } from "../../worker-runtime/src/clouds/start-up.ts";
import type { Delivery } from "../../worker-runtime/src/ports/task-queue.ts";
import { encodeMessage, type Task } from "../../worker-runtime/src/protocol/messages.ts";
import { ArithmeticLearner } from "../worker/protocol/arithmetic-learner.ts";
import type { World } from "../worker/protocol/world.ts";

export interface LogLine {
  readonly severity: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A cloud function's worker on the store and the queue of a `world`, and what it writes and loads. */
export function cloudWorkerOn(world: World, changes: Partial<CloudWorkerParts> = {}) {
  const lines: LogLine[] = [];
  const loads: string[] = [];
  const worker = new CloudWorker({
    platform: "aws-lambda",
    clock: world.clock,
    log: (severity, message, fields = {}) => lines.push({ severity, message, fields }),
    async openCloud() {
      loads.push("cloud");
      return { store: world.store, queue: world.queue };
    },
    openLearner: async (_, __, plan) => new ArithmeticLearner(plan.weightCount, plan.seed),
    loadTensorFlow: () => void loads.push("TensorFlow"),
    startUp: new StartUp(),
    ...changes,
  });
  return { worker, lines, loads };
}

/** Opens a learner that does something before each stretch of local steps. */
export function learnerThat(beforeTraining: (worker: number) => void | Promise<void>): CloudWorkerParts["openLearner"] {
  return async (_, __, plan) => {
    const learner = new ArithmeticLearner(plan.weightCount, plan.seed);
    const train = learner.train.bind(learner);
    learner.train = async (round, worker, from, toStep) => {
      await beforeTraining(worker);
      return train(round, worker, from, toStep);
    };
    return learner;
  };
}

/** A message of the world's job as it travels. */
export function messageOf(world: World, task: Task): string {
  return encodeMessage({ trivet: 1, job: world.plan.job, sentAtMs: world.clock.nowMs(), task });
}

/** A delivery that notes what is done with it. */
export class NotedDelivery implements Delivery {
  readonly body: string;
  readonly attempt: number;
  state: "held" | "acknowledged" | "released" = "held";

  constructor(body: string, attempt = 1) {
    this.body = body;
    this.attempt = attempt;
  }

  acknowledge = async (): Promise<void> => {
    this.state = "acknowledged";
  };

  release = async (): Promise<void> => {
    this.state = "released";
  };
}

/** Messages that no worker can ever work on, by what is wrong with them. */
export const poisonous: Readonly<Record<string, string>> = {
  "no JSON": "hello",
  "not an object": "[1]",
  "of another version": JSON.stringify({ trivet: 2, job: "arithmetic-1", sentAtMs: 1, task: { kind: "finish" } }),
  "a job that climbs": JSON.stringify({ trivet: 1, job: "../../etc", sentAtMs: 1, task: { kind: "finish" } }),
  "a task that climbs": JSON.stringify({
    ...{ trivet: 1, job: "arithmetic-1", sentAtMs: 1 },
    task: { kind: "step", round: "../0", worker: 0 },
  }),
  "an unknown task": JSON.stringify({ trivet: 1, job: "arithmetic-1", sentAtMs: 1, task: { kind: "rm" } }),
  "a worker that the job has not": JSON.stringify({
    ...{ trivet: 1, job: "arithmetic-1", sentAtMs: 1 },
    task: { kind: "step", round: 0, worker: 3 },
  }),
  "a round that the job has not": JSON.stringify({
    ...{ trivet: 1, job: "arithmetic-1", sentAtMs: 1 },
    task: { kind: "step", round: 4, worker: 0 },
  }),
  "a shard that the job has not": JSON.stringify({
    ...{ trivet: 1, job: "arithmetic-1", sentAtMs: 1 },
    task: { kind: "reduce", round: 0, shard: 1 },
  }),
  "a job that was deleted": JSON.stringify({ trivet: 1, job: "gone-1", sentAtMs: 1, task: { kind: "finish" } }),
  "far too large": JSON.stringify({
    ...{ trivet: 1, job: "arithmetic-1", sentAtMs: 1, task: { kind: "finish" } },
    more: "x".repeat(40_000),
  }),
};
