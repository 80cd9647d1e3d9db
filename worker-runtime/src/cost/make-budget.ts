import type { Plan } from "../job/plan.ts";
import type { Budget } from "../protocol/budget.ts";
import { costOf, functionSize, totalDollars } from "./cost-model.ts";
import { type DatasetSize, usageAround } from "./forecast.ts";
import { cloudPace, defaultMemoryMib } from "./pace.ts";
import { type Cloud, clouds, listPrices, type Prices } from "./prices.ts";

/** A cap of so many dollars, held against the prices of one cloud, or of all where the job runs on this machine. */
export function makeBudget(
  dollars: number,
  plan: Plan,
  dataset: DatasetSize,
  { prices = listPrices, cloud }: { readonly prices?: Prices | undefined; readonly cloud?: Cloud | undefined },
): Budget {
  const around = usageAround(plan, dataset, cloudPace({ stepMs: 0, measureMs: 0 }));
  const bills = (cloud ? [cloud] : clouds).map((name) => {
    const size = functionSize(name, defaultMemoryMib);
    const fixedDollars = totalDollars(costOf(around, prices[name], size));
    return { cloud: name, prices: prices[name], size, fixedDollars };
  });
  return { dollars, bills };
}
