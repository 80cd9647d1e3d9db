import type { CloudEstimate } from "@trivet/worker-runtime/cost/estimate";
import { measurements } from "@trivet/worker-runtime/cost/forecast";
import { count } from "../progress/format.ts";
import type { Prepared } from "./prepare-estimate.ts";
import { aligned, money } from "./table.ts";

/** The formula of docs/costs.md with this job's numbers in it, and each line of each bill. */
export function explain(
  { plan, pace, prices }: Prepared,
  clouds: readonly CloudEstimate[],
  names: Readonly<Record<string, string>>,
): string {
  const { workers: W, rounds: R, localSteps: H, reducers: S } = plan;
  const n = (value: number) => (value >= 100 ? count(value) : String(Number(value.toPrecision(3))));
  return [
    "One worker's task",
    `  ${n(H * pace.stepMs)} ms = ${H} steps x ${n(pace.stepMs)} ms, and ${n(pace.measureMs)} ms in each of ${measurements(plan)} rounds that measure;`,
    `  waiting for the store: ${n(pace.storeLatencyMs)} ms a request, ${n(pace.storeBytesPerSecond / 1e6)} MB/s`,
    `One round: ${W} such tasks at once, a sum of ${S === 1 ? "one shard" : `${S} shards`}, and its end`,
    `  PUT   W + S + 2           = ${W + S + 2}`,
    `  GET   W S + S (W + 1) + S + 1 = ${W * S + S * (W + 1) + S + 1}`,
    `  HEAD  3 (W + S)           = ${3 * (W + S)}`,
    `  LIST  W + S + 1           = ${W + S + 1}`,
    `All: ${R + 1} rounds, ${n(pace.startUpMs)} ms of start-up and ${n(pace.loadMs)} ms of loading in each new function, data up, result down`,
    ...clouds.flatMap(({ cloud, items, computeSeconds, size, dollars }) => [
      "",
      `${names[cloud]}: ${n(computeSeconds)} s of functions with ${count(size.memoryMib)} MiB, each time rounded up to ${prices[cloud].billingStepMs} ms`,
      ...aligned(
        items.map(({ name, quantity, price, dollars }) => [
          name,
          `${n(quantity)} ${price.unit}s`,
          "x",
          money(price.dollars),
          "=",
          money(dollars),
        ]),
      ),
      `  sum: ${money(dollars.expected)}`,
    ]),
    "",
    "The interval: the same with every one of these times off by what is known of it (docs/costs.md), 400 times.",
  ].join("\n");
}
