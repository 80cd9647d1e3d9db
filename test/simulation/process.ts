// A process that simulates batches of jobs for many.ts.
import type { Batch, Totals } from "./many.ts";
import { optionsOf } from "./options.ts";
import { simulate } from "./simulate.ts";

process.on("message", async ({ from, to }: Batch) => {
  const totals: Totals = {
    ...{ jobs: 0, failed: [], counts: {}, events: 0, started: 0, trainings: 0, simulatedMs: 0 },
  };
  for (let seed = from; seed < to; seed++) {
    const { problems, counts, ...run } = await simulate(optionsOf(seed));
    if (problems.length > 0) totals.failed.push({ seed, problem: problems[0]! });
    for (const [kind, count] of Object.entries(counts)) totals.counts[kind] = (totals.counts[kind] ?? 0) + count;
    for (const field of ["events", "started", "trainings", "simulatedMs"] as const) totals[field] += run[field];
    totals.jobs++;
  }
  process.send!(totals);
});
