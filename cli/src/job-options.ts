import type { Prices } from "@trivet/worker-runtime/cost/prices";
import type { JobDocument } from "@trivet/worker-runtime/job/document";

/** A job as its file says it, and as the command's options change it. */
export function withOptions(
  document: JobDocument,
  { seed, budget }: { readonly seed?: number; readonly budget?: number },
): JobDocument {
  return {
    ...document,
    ...(seed !== undefined && { seed }),
    ...(budget !== undefined && { budget: { dollars: budget } }),
  };
}

/** The prices that `--prices` names; undefined where it is not given: the list prices. */
export async function readPricesOf({ prices }: { readonly prices?: string }): Promise<Prices | undefined> {
  if (prices === undefined) return undefined;
  const { readPrices } = await import("@trivet/worker-runtime/cost/read-prices");
  return readPrices(prices);
}
