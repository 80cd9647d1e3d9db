// A program that mixed-job.ts starts once for each machine, with the arguments below. It works until the job is over. In an
// audit the first machine runs every step once more when another one has stored its outcome, as if it had been slower.
import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "../../worker-runtime/src/clouds/local/clock.ts";
import { LocalObjectStore } from "../../worker-runtime/src/clouds/local/object-store.ts";
import type { ObjectStore } from "../../worker-runtime/src/ports/object-store.ts";
import { keys } from "../../worker-runtime/src/protocol/keys.ts";
import { decodeMessage } from "../../worker-runtime/src/protocol/messages.ts";
import { isOver } from "../../worker-runtime/src/protocol/run-record.ts";
import { Worker } from "../../worker-runtime/src/protocol/worker.ts";
import { openLearner } from "../../worker-runtime/src/training/learner.ts";
import { openQueues, routed } from "./queues.ts";

const [storeFolder, queueFolder, machine, machines, isAudit, job] = process.argv.slice(2) as [
  ...[string, string, string, string, "audit" | "job", string],
];
const store = await LocalObjectStore.open(storeFolder);
const queues = await openQueues(queueFolder, Number(machines), `machine-${machine}`);
const runsAgain = isAudit === "audit" && machine === "0";
/** What would tell the worker that an update which is made once more is there, or comes too late. */
let hidden: readonly string[] = [];

const worker = new Worker({
  ...{
    store: hiding(store),
    queue: routed(queues, isAudit === "audit"),
    place: `machine-${machine}`,
    clock: systemClock,
  },
  openLearner: (from, document, plan) =>
    openLearner(from, document, plan, { nowMs: systemClock.nowMs, onNotice: console.error }),
  peakMemoryBytes: () => 0,
  remainingMs: () => Infinity,
});
const own = queues[Number(machine)]!;
for (;;) {
  const delivery = await own.receive(900);
  if (!delivery) {
    if (await isOver(store, job)) break;
    await own.waitForChange(200);
    continue;
  }
  hidden = [];
  const message = decodeMessage(delivery.body);
  if (runsAgain && typeof message !== "string" && message.task.kind === "step") {
    const key = keys.update(job, message.task.round, message.task.worker);
    while (!(await store.head(key)) && !(await isOver(store, job))) await sleep(20);
    hidden = [key, keys.manifest(job, message.task.round), keys.result(job, "manifest.json")];
  }
  const handled = await worker.handle(delivery);
  if (handled.outcome === "retry") throw handled.error;
}
for (const queue of queues) queue.close();

function hiding(store: LocalObjectStore): ObjectStore {
  return new Proxy(store, {
    get(target, name: keyof LocalObjectStore) {
      if (name === "head") return async (key: string) => (hidden.includes(key) ? undefined : target.head(key));
      const value: unknown = target[name];
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
