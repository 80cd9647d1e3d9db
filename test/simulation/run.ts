// `npm run simulate -- --jobs 10000 [--seed N] [--processes P]`: simulates jobs under faults, from seed N (default 1) on, and
// fails when one goes wrong; --until-failure: no further jobs then. With --seed and without --jobs: that job alone, with its log.
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { explain } from "./explain.ts";
import { faultLines, simulateMany } from "./many.ts";
import { optionsOf } from "./options.ts";
import { simulate } from "./simulate.ts";

const { values } = parseArgs({
  options: {
    ...{ jobs: { type: "string" }, seed: { type: "string" }, processes: { type: "string" } },
    "until-failure": { type: "boolean", default: false },
  },
});
const number = (name: "jobs" | "seed" | "processes", otherwise: number) => {
  const value = Number(values[name] ?? otherwise);
  if (Number.isSafeInteger(value) && value > 0) return value;
  console.error(`error: --${name} ${values[name]} is not a whole number above 0`);
  process.exit(2);
};
const seed = number("seed", 1);

if (values.seed !== undefined && values.jobs === undefined) {
  const run = await simulate(optionsOf(seed), { logs: true });
  if (run.problems.length > 0) console.log(await explain(seed));
  else console.log(`${run.log.join("\n")}\noptions ${JSON.stringify(optionsOf(seed))}\nseed ${seed} holds`);
  process.exitCode = run.problems.length > 0 ? 1 : 0;
} else {
  const jobs = number("jobs", 10_000);
  const processes = number("processes", Math.min(2, availableParallelism()));
  const startedAtMs = performance.now();
  let toldAtMs = startedAtMs;
  const totals = await simulateMany(seed, jobs, {
    processes,
    stopAtFailure: values["until-failure"],
    onBatch({ jobs: done, failed }) {
      if (performance.now() - toldAtMs < 10_000) return;
      toldAtMs = performance.now();
      console.log(`${done} jobs, ${failed.length} failed, ${Math.round((toldAtMs - startedAtMs) / 1000)} s`);
    },
  });
  const seconds = (performance.now() - startedAtMs) / 1000;
  const days = totals.simulatedMs / 86_400_000;
  console.log(`faults that came\n${faultLines(totals.counts)}`);
  console.log(
    `${totals.jobs} jobs (seeds ${seed} to ${seed + totals.jobs - 1}) in ${seconds.toFixed(1)} s on ${processes} processes: ` +
      `${totals.failed.length} failed\n` +
      `${totals.started} functions' tasks, ${totals.trainings} stretches of training, ${totals.events} events, ${Math.round(days)} simulated days`,
  );
  for (const { seed: failed, problem } of totals.failed.slice(0, 10)) console.log(`seed ${failed}: ${problem}`);
  if (totals.failed.length > 0) {
    if (!values["until-failure"]) console.log(await explain(totals.failed[0]!.seed));
    process.exitCode = 1;
  }
}
