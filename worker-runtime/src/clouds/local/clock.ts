import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../../ports/clock.ts";

/** This machine's time. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  sleep: async (milliseconds) => void (await sleep(milliseconds)),
};
