/**
 * Loaded into the coordinator and its workers by `--import`: every message is sent one to three times, each copy up to 40 ms late, so
 * that they overtake each other. Writes down how many copies there were.
 */
import { appendFileSync } from "node:fs";
import { LocalTaskQueue } from "../../worker-runtime/src/clouds/local/task-queue.ts";
import { Random } from "../../worker-runtime/src/training/random.ts";

const { UNRULY_SEED, UNRULY_LOG } = process.env;
const { send } = LocalTaskQueue.prototype;
let sent = 0;

LocalTaskQueue.prototype.send = async function (messages, options) {
  for (const message of messages) {
    const random = new Random(Number(UNRULY_SEED), "unruly", sent++);
    const copies = 1 + random.below(3, 0);
    appendFileSync(UNRULY_LOG!, `${copies}\n`);
    for (let copy = 1; copy <= copies; copy++) {
      const delaySeconds = (options?.delaySeconds ?? 0) + random.below(40, copy) / 1000;
      await send.call(this, [message], { delaySeconds });
    }
  }
};
