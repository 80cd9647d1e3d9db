import { table } from "../components/differences-page.ts";
import {
  alwaysOn,
  type CostItem,
  costOf,
  type FunctionSize,
  monthlyDollars,
  totalDollars,
} from "../worker-runtime/src/cost/cost-model.ts";
import { forecast, type Pace } from "../worker-runtime/src/cost/forecast.ts";
import { type Cloud, type CloudPrices, listPrices, type Price } from "../worker-runtime/src/cost/prices.ts";
import type { Plan } from "../worker-runtime/src/job/plan.ts";

const titles: Readonly<Record<Cloud, string>> = { aws: "AWS", gcp: "Google Cloud", azure: "Azure" };
const clouds = Object.keys(titles) as Cloud[];

/** The default size of a worker on each cloud (components/limits.ts): 2,048 MiB and the cores that come with them. */
const defaultSize: FunctionSize = { memoryMib: 2048, cores: 1 };

/** A job to show what a bill looks like: 4 workers, 50 rounds, a model of 1 MB, shares of 10 seconds. */
const examplePlan = {
  ...{ workers: 4, rounds: 50, reducers: 1, localSteps: 100, codec: "fp32", outerMomentum: false },
  ...{ weightCount: 250_000, evaluateEvery: 10 },
} as Plan;

/** A step of 0.1 s; the store as LambdaML measured S3 from Lambda (SIGMOD'21): 65 MB/s, 80 ms. */
const examplePace: Pace = {
  ...{ stepMs: 100, measureMs: 2000, coldStartMs: 1500, queueMs: 100 },
  ...{ storeLatencyMs: 80, storeBytesPerSecond: 65e6, parallelRequests: 16 },
};

/** `docs/costs.md`, made from the prices and the model; a test fails when the page is another. */
export function renderCosts(): string {
  const usage = forecast(examplePlan, examplePace, 10e6);
  const bills = clouds.map((cloud) => costOf(usage, listPrices[cloud], defaultSize));
  return `# What training costs

Made from [the prices](../worker-runtime/src/cost/prices.ts) and [the model](../worker-runtime/src/cost/cost-model.ts)
(\`node tools/write-costs.ts\`; a test fails when this page is old). US dollars, list prices, without discounts and tax.

## The model

A run pays for what it uses, item by item; the free grants of an account come off each month's sum:

    seconds       = for each task: its time, rounded up to the platform's step; added up
    cores         = seconds x cores of a function          memory  = seconds x GiB of a function
    invocations   = messages = tasks                       storage = GiB stored x 30 days
    store writes  = PUT + LIST requests                    fetching = GiB of the result, to your machine
    store reads   = GET + HEAD requests

Requests and bytes follow from the plan: workers W, shards S and rounds give W + S + 2 PUT, W S + S (W + 1) + S + 1 GET,
3 (W + S) HEAD and W + S + 1 LIST a round (one PUT and one HEAD more where S > 1). A test holds that against real rounds:
the requests are the same, the bytes within 5 %.

## Prices

${table([
  ["", ...clouds.map((cloud) => `${titles[cloud]}, ${listPrices[cloud].region}`)],
  ...priceRows.map(([name, read]) => [name, ...clouds.map((cloud) => priceText(read(listPrices[cloud])))]),
])}

Each price has its source and month in the file. How sure: a price that the cloud's own interface gave, _agreed_ for what
several public sources say, _weak_ for one source. A queue's price is for a message's whole way: sent, received, acknowledged.
Idle, a pipeline costs what it stores; alarms and a registry come on top (docs/components.md).

## One run

${examplePlan.workers} workers, ${examplePlan.rounds} rounds, a model of 1 MB, shares of 10 seconds on functions of 2 GiB; about ${Math.round(usage.wallMs / 60_000)} minutes:

${table([
  ["", ...clouds.map((cloud) => titles[cloud])],
  ...bills[0]!.map(({ name }, i) => [name, ...bills.map((bill) => dollars(bill[i]!.dollars))]),
  ["a run", ...bills.map((bill) => dollars(totalDollars(bill)))],
  ["a month with one run a day, after the free grants", ...bills.map((bill) => dollars(monthlyDollars(bill, 30)))],
  ...machineRows(bills),
])}

So functions win while the machine would be idle most of the time, and lose when it would be busy: that is what they are for.
`;
}

/** An always-on machine with four cores, which would do the same work in about the same time. */
function machineRows(bills: readonly CostItem[][]): string[][] {
  const machines = clouds.map((cloud, i) => alwaysOn(listPrices[cloud], totalDollars(bills[i]!)));
  return [
    ["a month of a machine with 4 cores", ...machines.map(({ name, dollars: cost }) => `${dollars(cost)} (${name})`)],
    ["which is cheaper from so many runs a month", ...machines.map(({ cheaperFromRuns }) => String(cheaperFromRuns))],
  ];
}

const priceRows: readonly [string, (prices: CloudPrices) => Price][] = [
  ["core", ({ coreSecond }) => coreSecond],
  ["memory", ({ memoryGibSecond }) => memoryGibSecond],
  ["invocation", ({ invocation }) => invocation],
  ["store write", ({ storeWrite }) => storeWrite],
  ["store read", ({ storeRead }) => storeRead],
  ["storage", ({ storedGibMonth }) => storedGibMonth],
  ["message", ({ message }) => message],
  ["egress", ({ egressGib }) => egressGib],
];

function priceText({ dollars: price, unit, freePerMonth, sure }: Price): string {
  if (price === 0) return "free";
  const scale = price < 1e-3 ? 1e6 : 1;
  const per = scale === 1 ? unit : `million ${unit}s`;
  const grant = freePerMonth > 0 ? `, ${Math.round(freePerMonth).toLocaleString("en-US")} free a month` : "";
  return `${round(price * scale)} / ${per}${grant}${sure === "price list" ? "" : ` (_${sure}_)`}`;
}

const round = (value: number) => String(Number(value.toPrecision(4)));
const dollars = (value: number) => (value === 0 ? "0" : value >= 0.01 ? value.toFixed(2) : value.toPrecision(2));
