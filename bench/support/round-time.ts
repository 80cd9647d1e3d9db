import type { Plan } from "../../worker-runtime/src/job/plan.ts";
import { headBytes } from "../../worker-runtime/src/protocol/bundle.ts";
import { modelLayout, shards } from "../../worker-runtime/src/protocol/model-shards.ts";
import { updateLayout } from "../../worker-runtime/src/protocol/update.ts";
import type { Network } from "./shaped-world.ts";

/** As protocol/reduce.ts fetches ahead. */
const prefetch = (partBytes: number) => Math.min(16, Math.max(4, Math.floor(2 ** 22 / partBytes)));

/**
 * What a training round takes besides learning, counted from the protocol: the requests that wait for one another, and the bytes
 * of the longest way. `step`, `reduce`: what one task of each kind takes. bench/exchange.ts holds it against simulated rounds.
 */
export function roundSeconds(
  plan: Plan,
  { bytesPerSecond, latencyMs, queueMs }: Network,
): { readonly total: number; readonly step: number; readonly reduce: number } {
  const { workers, reducers } = plan;
  const sum = (sizes: readonly number[]) => sizes.reduce((total, size) => total + size, 0);
  const transferMs = (bytes: number) => (1000 * bytes) / bytesPerSecond;
  const update = updateLayout(plan, 0);
  const weights = sum(shards(plan).map((shard) => modelLayout(plan, shard)[0]!));
  const shard = sum(modelLayout(plan, 0));
  // Is it there, and too late; the weights; the update; is the round complete.
  const stepMs = 4 * latencyMs + transferMs(weights + sum(update) + headBytes);
  const ahead = prefetch(update[0]!);
  const partMs = transferMs(update[0]! + headBytes);
  const readMs = Math.max(
    latencyMs + workers * partMs + transferMs(shard),
    Math.ceil(workers / ahead) * (latencyMs + partMs),
  );
  // Is it there; all reads; traces; the shard; are all there; their heads; the manifest; what was decided.
  const reduceMs = 7 * latencyMs + readMs + transferMs(shard + headBytes);
  // Is the round closed; the hint; and a message more.
  const handOverMs = reducers > 1 ? 2 * latencyMs + queueMs : 0;
  return {
    total: (queueMs + stepMs + handOverMs + reduceMs) / 1000,
    step: stepMs / 1000,
    reduce: reduceMs / 1000,
  };
}
