import { relative } from "node:path";
import type { TrainOutcome } from "@trivet/worker-runtime/job/events";
import { exitCodes } from "./errors.ts";
import type { Interrupt } from "./interrupt.ts";
import { styled } from "./output.ts";
import { measure } from "./progress/format.ts";

export function exitCodeOf({ state }: TrainOutcome, interrupt: Interrupt): number {
  if (state === "interrupted") return interrupt.exitCode;
  if (state === "failed") return exitCodes.failed;
  if (state === "out-of-budget") return exitCodes.budget;
  return state === "cancelled" ? exitCodes.cancelled : exitCodes.ok;
}

export function failure({ reason }: TrainOutcome): string {
  return `${styled("red", "The job failed:", process.stderr)} ${reason}`;
}

const titles: Partial<Record<TrainOutcome["state"], string>> = {
  finished: "Finished",
  cancelled: "Cancelled",
  "out-of-budget": "Stopped by its budget",
};

/** What came out, for people. */
export function summary({ state, reason, metrics = {}, weightsHash, resultFolder, seconds }: TrainOutcome): string {
  const title = titles[state] ?? "Stopped early";
  return [
    `${styled("green", title)} in ${seconds.toFixed(1)} s${reason ? `: ${reason}` : ""}`,
    ...heldOut(metrics),
    `  weights   sha256 ${weightsHash}`,
    ...(resultFolder === undefined ? [] : [`  files     ${relative("", resultFolder) || "."}`]),
  ].join("\n");
}

/** A line with the held-out metrics, where there are any. */
export function heldOut(metrics: Readonly<Record<string, number>>): string[] {
  const measured = Object.entries(metrics).map(([name, value]) => `${name} ${measure(value)}`);
  return measured.length > 0 ? [`  held-out  ${measured.join(", ")}`] : [];
}
