import { readFileSync } from "node:fs";
import { table } from "../components/differences-page.ts";
import { monthlyDollars } from "../worker-runtime/src/cost/cost-model.ts";
import { type CloudEstimate, estimate } from "../worker-runtime/src/cost/estimate.ts";
import type { DatasetSize, Pace } from "../worker-runtime/src/cost/forecast.ts";
import { cloudConditions, defaultMemoryMib, modelSpread, spreads } from "../worker-runtime/src/cost/pace.ts";
import {
  type CloudPrices,
  clouds,
  listPrices,
  type Price,
  cloudNames as titles,
} from "../worker-runtime/src/cost/prices.ts";
import type { Plan } from "../worker-runtime/src/job/plan.ts";

interface Bench {
  readonly cpu: string;
  readonly jobs: readonly unknown[];
  readonly summary: Readonly<Record<string, { readonly mean: number; readonly largest: number }>>;
  readonly interval: { readonly held: number; readonly points: number };
  readonly studies: readonly {
    readonly study: string;
    readonly plan: Plan;
    readonly pace: Pace;
    readonly dataset: DatasetSize;
  }[];
}

/** What `bench/forecast.ts` measured. */
const bench: Bench = JSON.parse(readFileSync(new URL("../bench/results/forecast.json", import.meta.url), "utf8"));

const errorTitles: Readonly<Record<string, string>> = {
  ...{
    seconds: "time",
    computeSeconds: "seconds of compute",
    requests: "requests",
    bytes: "bytes",
    dollars: "dollars",
  },
};
const errorNames = Object.keys(errorTitles);

const studies = bench.studies.map(({ study, plan, pace, dataset }) => ({
  study,
  estimates: estimate({ plan, pace, dataset, prices: listPrices, memoryMib: defaultMemoryMib }),
}));

/** `docs/costs.md`, made from the prices and the model; a test fails when the page is another. */
export function renderCosts(): string {
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

## Before a run, and after it

\`trivet estimate job.yaml\` fills the model in for one job on each cloud; \`--explain\` shows every number. The time of a step comes from
rounds that the job has run in the store, else from two seconds of real steps, taken on this machine and thrown away; a cloud's core is
taken to be as fast. What cannot be known here is a cloud's as others measured it ([pace.ts](../worker-runtime/src/cost/pace.ts)): ${cloudConditions.storeLatencyMs} ms a
request and ${cloudConditions.storeBytesPerSecond / 1e6} MB/s at the store, ${cloudConditions.startUpMs / 1000} s until a new function begins. The interval that is shown comes of 400 runs of
the model with each of these numbers off by what is known of it (steps ${percent(spreads.stepMs)}, latency ${percent(spreads.storeLatencyMs)}, bandwidth ${percent(spreads.storeBytesPerSecond)}, start-up ${percent(spreads.startUpMs)},
the model itself ${percent(modelSpread)}); four of five of them lie within. \`--prices FILE\` takes your own prices, for any part of the table above:

    aws: { memoryGibSecond: { dollars: 0.0000133334, asOf: 2026-11, source: our contract } }

\`trivet cost JOB\` adds up what the tasks wrote down (their time, start-up included where they were cold, requests, bytes), by the same
formula, here or with \`--stack\`; so does the report. Beside it stands what \`estimate\` said before the run, and what a run of as many rounds costs at the job's
own pace when nothing is late, dies or comes twice: that gap is what disturbances cost. Not written down, and so estimated: what a task does after it has stored its
output (by the protocol's rules), tries that were killed (as long as the one that succeeded), and the shards of a model beside the first.

How far forecasts were off in ${bench.jobs.length} jobs of the case studies, run in functions with a shaped network and real computing
(\`npm run bench -- forecast\`); under conditions that were drawn, the interval held ${bench.interval.held} of ${bench.interval.points} times:

${table([
  ["error of the forecast", ...errorNames.map((name) => errorTitles[name]!)],
  ["in the mean", ...errorNames.map((name) => percent(bench.summary[name]!.mean, 1))],
  ["largest", ...errorNames.map((name) => percent(bench.summary[name]!.largest, 1))],
])}

## A cap

\`budget: { dollars: 2.00 }\` in a job file, or \`--budget 2.00\`, is a cap, not an alert. At the end of each round a ledger is stored: what
the rounds have cost so far by the formula, what was done twice, and the dearest round. The next round is started only if that, what
is due in any case (starting, a month of storage, the way down), and the dearest round once more with a quarter on top stay within the cap. Else the
stop is decided, like every decision before anybody acts on it; the model so far is exported to \`stopped/0001/\` of the job, marked \`out-of-budget\`, and
the command ends with exit code 4. The same job with a higher cap goes on from there, to the bits that it would have had without a stop: a
budget is no part of a job's name, plan or hashes.

**How far the cap can be passed:** by what the last round costs beyond the room that was kept for it, so never by more than one round; a first
round always runs, since nothing is known before it. In 200 simulated jobs with caps at random points, duplicates, kills and late messages none
passed its cap by more (test/worker/protocol/budget.test.ts). In the worst case that a platform allows, one round is each worker's function for the whole of
its time limit. Not counted: deliveries of messages whose work was done already, some requests each.

On this machine nothing is paid; there a cap is held against what the dearest of the three clouds would ask for the same times.

## Choosing

\`trivet plan job.yaml --deadline 30m\` names the cheapest choice that is ready in time, \`--budget 2.00\` the fastest that is paid for, and lists every
choice that no other beats in both. Cloud, memory and reducers change no bit of the result. Workers and codec do (and local steps, with \`--vary
workers,codec,steps\`), which the command says; every choice sees the same number of examples, in at least a quarter as many rounds. It is within 2 % of an exhaustive search
(test/worker/cost/planner.test.ts).

## The case studies

One run of each example as it is, on functions of 2 GiB; steps as long as on one core of the machine that measured them (${bench.cpu}).

${table([
  ["", ...studies.flatMap(({ study }) => clouds.map((cloud) => `${study}, ${titles[cloud]}`))],
  ["a run", ...each(({ dollars: { expected } }) => dollars(expected))],
  ["four of five runs", ...each(({ dollars: { low, high } }) => `${dollars(low)} - ${dollars(high)}`)],
  ["minutes", ...each(({ wallMs }) => (wallMs.expected / 60_000).toFixed(1))],
  ["a month, one run in it", ...each(({ items }) => dollars(monthlyDollars(items, 1)))],
  ["a month, one run a day", ...each(({ items }) => dollars(monthlyDollars(items, 30)))],
  ["the same without free grants", ...each(({ dollars: { expected } }) => dollars(30 * expected))],
  ["a machine for the month", ...each(({ alwaysOn: machine }) => `${dollars(machine.dollars)} (${machine.name})`)],
  [
    "cheaper from so many runs a month",
    ...each(({ alwaysOn: machine }) => machine.cheaperFromRuns.toLocaleString("en-US")),
  ],
  [
    "cheaper if in use for more of its time than",
    ...each(({ alwaysOn: machine }) => utilisation(machine.cheaperFromUtilisation)),
  ],
])}

So functions win while the machine would be idle most of the time, and lose when it would be busy: that is what they are for. A job
of short rounds wastes the most: there the functions mostly wait for the store, and the machine would not.
`;
}

/** A column for each study on each cloud. */
function each(cell: (estimate: CloudEstimate) => string): string[] {
  return studies.flatMap(({ estimates }) => estimates.map(cell));
}

function utilisation(part: number): string {
  return part > 1 ? "never" : percent(part, part < 0.1 ? 1 : 0);
}

function percent(part: number, digits = 0): string {
  return `${(100 * part).toFixed(digits)} %`;
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
const dollars = (value: number) =>
  value === 0 ? "0" : value >= 0.1 ? value.toFixed(2) : String(Number(value.toPrecision(2)));
