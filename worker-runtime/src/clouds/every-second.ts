import type { RunEvent } from "../job/events.ts";
import type { Clock } from "../ports/clock.ts";

/** Passes events on, but none in the first second, and then at most one a second. */
export function everySecond(clock: Clock, onEvent: (event: RunEvent) => void): (event: RunEvent) => void {
  let toldAtMs = clock.nowMs();
  return (event) => {
    const nowMs = clock.nowMs();
    if (nowMs - toldAtMs < 1000) return;
    toldAtMs = nowMs;
    onEvent(event);
  };
}
