// Writes docs/evidence.md from bench/results: `node bench/evidence.ts`. A test fails when the page is stale.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { medianOf } from "./support/results.ts";

export const evidenceFile = fileURLToPath(new URL("../docs/evidence.md", import.meta.url));

// biome-ignore lint/suspicious/noExplicitAny: each benchmark writes its own shape, and a missing field must show at once
function result(name: string): any {
  return JSON.parse(readFileSync(new URL(`results/${name}.json`, import.meta.url), "utf8"));
}

const stepNames: Readonly<Record<string, string>> = {
  mlp: "MLP 784-256-10",
  adam: "the same, by Adam",
  cnn: "two convolutions and a dense layer",
  bag: "embedding bag, 64 features of 32,768",
  mf: "matrix factorisation, 2,000 x 3,000 x 32",
};

/** Rates of one core as whole thousands of samples a second. */
function thousands(rates: readonly number[]): string {
  return `${Math.round(medianOf(rates) / 1000).toLocaleString("en")}`;
}

function stepTable(): string {
  const peers = ["torch", "torch.compile", "tf.function", "XLA", "jax.jit"];
  const { rates } = result("step") as { rates: Record<string, Record<"loop" | "step", Record<string, number[]>>> };
  const rows = Object.entries(rates).map(([name, { loop, step }]) => {
    const ratio = medianOf(loop.loop!) / medianOf(loop.plain!);
    const portable = loop["loop-portable"];
    const cells = [loop.plain!, loop.loop!].map(thousands);
    const inPortable = portable
      ? [thousands(portable), `${(medianOf(portable) / medianOf(loop.plain!)).toFixed(1)} x`]
      : ["-", "-"];
    const others = ["step", "step-portable", ...peers].map((peer) => (step[peer] ? thousands(step[peer]) : "-"));
    return `| ${[stepNames[name] ?? name, ...cells, `${ratio.toFixed(1)} x`, ...inPortable, ...others].join(" | ")} |`;
  });
  return [
    `| thousand samples a second, one core | plain tfjs-node | Trivet, native | ratio | portable | ratio | native step alone | portable step alone | PyTorch | ${peers.slice(1).join(" | ")} |`,
    `| --- | ${Array(7 + peers.length)
      .fill("---")
      .join(" | ")} |`,
    ...rows,
  ].join("\n");
}

function errorsOf(summary: Record<string, Record<string, number>>, which: string): string {
  const names = ["seconds", "computeSeconds", "requests", "bytes", "dollars"];
  return names.map((name) => `${(100 * summary[name]![which]!).toFixed(1)} %`).join(" | ");
}

// biome-ignore lint/suspicious/noExplicitAny: as above
function exchangeTable(rows: any[]): string {
  const lines = rows.map((row) =>
    [
      row.model,
      row.workers,
      row.scheme,
      row.seconds,
      row.put,
      row.get,
      row.head,
      row.list,
      row.model === "224 B" ? "-" : row.models,
    ]
      .map(String)
      .join(" | "),
  );
  return [
    "| model | workers | scheme | seconds a round | put | get | head | list | bytes moved / bytes of the model |",
    `| ${Array(9).fill("---").join(" | ")} |`,
    ...lines.map((line) => `| ${line} |`),
  ].join("\n");
}

// biome-ignore lint/suspicious/noExplicitAny: as above
function mostOff(rows: any[]): number {
  const off = rows
    .filter((row) => row.countedSeconds)
    .map((row) => Math.abs(row.countedSeconds / row.exchangeSeconds - 1));
  return Math.ceil(100 * Math.max(...off));
}

// biome-ignore lint/suspicious/noExplicitAny: as above
function scalingTable(rows: any[]): string {
  const unique = (values: number[]) => [...new Set(values)];
  const workers = unique(rows.map((row) => row.workers));
  const cell = (row: { efficiency: number; countedSeconds?: number }) => {
    const percent = `${Math.round(100 * row.efficiency)} %`;
    return row.countedSeconds ? percent : `(${percent})`;
  };
  const lines = unique(rows.map((row) => row.modelMB)).map((modelMB) => {
    const cells = rows.filter((row) => row.modelMB === modelMB).map(cell);
    return `| ${modelMB.toLocaleString("en")} MB | ${cells.join(" | ")} |`;
  });
  return [`| workers | ${workers.join(" | ")} |`, `| --- | ${workers.map(() => "---").join(" | ")} |`, ...lines].join(
    "\n",
  );
}

// biome-ignore lint/suspicious/noExplicitAny: as above
function planningTable(rows: any[]): string {
  const money = (microDollars: number) => `$${(microDollars / 1e6).toFixed(4)}`;
  const cells = rows.map((row) => [
    `${row.modelMB.toLocaleString("en")} MB`,
    row.workers,
    `${row.shards}: ${row.seconds} s, ${money(row.microDollars)}`,
    `${row.fastestShards}: ${row.fastestSeconds} s`,
    `${row.cheapestShards}: ${money(row.cheapestMicroDollars)}`,
  ]);
  return [
    "| model | workers | planned | fastest | cheapest |",
    "| --- | --- | --- | --- | --- |",
    ...cells.map((row) => `| ${row.join(" | ")} |`),
  ].join("\n");
}

/** The page, from what the benchmarks last wrote. */
export function evidencePage(): string {
  const { ratios } = result("processes");
  const { rows: protocol } = result("protocol");
  const exchange = result("exchange");
  const { rows: memory } = result("reduce-memory");
  const startup = result("startup");
  const shards = result("shard-memory");
  const resume = result("resume");
  const { jobs: forecastJobs, summary: forecastErrors, interval } = result("forecast");
  const mostAgain = Math.max(...resume.sharesTrainedAgain.map(({ most }: { most: number }) => most));
  return `# Evidence

What is said for serverless training, and against it, each beside what was measured here and the command that shows it. Two
cores, no cloud: what only a cloud can show is not on this page yet. \`node bench/evidence.ts\` writes it from bench/results.

## It scales by itself

Workers share nothing but objects, so any number of processes may take tasks: two are ${ratios.ofMedians.toFixed(2)} times as fast as one on the vision
job (\`npm run bench -- processes\`), and the weights have the same SHA-256 for 1, 2 and 4 (\`npm test -- -g "1, 2 and 4"\`).

What a round costs besides learning (\`npm run bench -- protocol\`), all tasks one after the other in one process:

| job | shards | ms a round | put | get | head | list | bytes moved / bytes of the model |
| --- | --- | --- | --- | --- | --- | --- | --- |
${protocol
  .map(
    // biome-ignore lint/suspicious/noExplicitAny: as above
    (row: any) =>
      `| ${[row.job, row.shards, Math.round(row.msPerRound), row.put, row.get, row.head, row.list, row.bytesPerModelByte].join(" | ")} |`,
  )
  .join("\n")}

Any scheme whose workers keep nothing moves at least 2 W models a round: down to each worker, and up again. LambdaML's moves 3 W - 2.

On a store that a function reaches with 65 MB/s and 80 ms a request (LambdaML's constants for S3), in simulated time (\`npm run bench -- exchange\`):
the protocol's own code, beside LambdaML's two patterns over the same store, without their polling. Learning is not counted, nor the queue.

${exchangeTable(exchange.exchanges)}

So a round of a small model takes twelve requests that wait for one another: less than either pattern, and not yet the half second that six would take.

Adding up 512 MiB from 20 workers, from the last update to the closed round, beside what GradsSharding (arXiv:2604.22072) measured on Lambda:

| reducers | seconds | times as fast | GradsSharding, seconds | times as fast |
| --- | --- | --- | --- | --- |
${exchange.aggregation
  .map(
    // biome-ignore lint/suspicious/noExplicitAny: as above
    (row: any) =>
      `| ${[row.reducers, row.seconds, row.speedup, row.gradsShardingSeconds ?? "-", row.gradsShardingSpeedup ?? "-"].join(" | ")} |`,
  )
  .join("\n")}

The share of a round that is learning when a worker learns ${exchange.scaling.secondsOfLearning} s in it, updates in bf16, shards as Trivet plans them, a queue of ${exchange.queueMs} ms. Simulated up
to 64 workers and 100 MB; beyond that (in brackets) counted from the protocol, by a formula that is within ${mostOff(exchange.scaling.rows)} % of the simulated ones:

${scalingTable(exchange.scaling.rows)}

How many shards Trivet plans (one for each 8 MB), against every power of two up to 256, by the same formula; dollars are those of the exchange alone, on AWS with
${exchange.memoryGB} GB for a function:

${planningTable(exchange.planning)}

The memory of a reduce does not grow with the workers (\`npm run bench -- reduce-memory\`, shards of 5.6 MB): ${memory
    .map(({ workers, peakMB }: { workers: number; peakMB: number }) => `${peakMB} MB for ${workers}`)
    .join(", ")}. A data
file larger than memory is no trouble either: ${(shards.csvMegabytes / 1000).toFixed(1)} GB of CSV took ${shards.peakRssMegabytes} MB (\`npm run bench -- shard-memory\`).

## It is simple to manage, and nothing has to be maintained

Kill workers at any moment, 50 times: the same bits each time (\`npm test -- -g "change no bit"\`). Kill a worker or the command: at most
${mostAgain === 1 ? "one share" : `${mostAgain} shares`} of one round ${mostAgain === 1 ? "is" : "are"} trained again (\`npm run bench -- resume\`). Deliver each message one to three times, in any order: the same bits, and
no divergence (\`npm test -- -g "one to three times"\`).

## It is paid by use, and the bill is known before

Forecast against measured, in ${forecastJobs.length} jobs of the case studies with 2 and 4 workers, fp32 and int8, in functions with a shaped network
(\`npm run bench -- forecast\`; [how](costs.md)):

| error of the forecast | time | seconds of compute | requests | bytes | dollars |
| --- | --- | --- | --- | --- | --- |
| in the mean | ${errorsOf(forecastErrors, "mean")} |
| largest | ${errorsOf(forecastErrors, "largest")} |

Under conditions that were drawn at random, the 80 % interval of time and dollars held ${interval.held} of ${interval.points} times. A cap stops a job before the round
that might pass it: in 200 jobs with caps at random points none passed it by more than one round, and each went on later to the same bits
(\`npm test -- -g "a budget"\`).

## Open problem: cold start

\`trivet --help\` takes ${startup.help.medianMs} ms; from the command to the end of a first round, of one local step for each worker, with a warm disk: ${startup.trainToFirstRound.medianMs} ms
(\`npm run bench -- startup\`). That holds the start of Node twice, the loading of TensorFlow, and the recording of the step.

## Open problem: limited customization

A network of one's own is a TypeScript module with two functions, or a TensorFlow.js topology ([custom](../examples/custom/README.md)). It runs as one
recorded TensorFlow graph like those that are shipped (\`npm run bench -- step\`; the peers by \`node bench/step.ts --peers\`):

${stepTable()}

"Trivet" and "plain tfjs-node" are whole loops: reading the batch, the step, the loss. The others are steps alone, on the same batch.

## Open problem: vendor lock-in

Results are TensorFlow.js models and safetensors, and load without Trivet (\`npm test -- -g "files of a trained model"\`). Datasets are safetensors behind a
JSON manifest. The worker sees a cloud through three small interfaces ([ports](../worker-runtime/src/ports)), each with a contract that every implementation must pass.
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(evidenceFile, evidencePage());
