// `npm run explore [-- --crashes N --duplicates N --rounds N --states N]`: visits every state of a small job.
import { parseArgs } from "node:util";
import { explore } from "./explorer.ts";

const { values } = parseArgs({
  options: {
    crashes: { type: "string", default: "1" },
    duplicates: { type: "string", default: "1" },
    rounds: { type: "string", default: "2" },
    states: { type: "string", default: "1000000" },
  },
});
for (const reducers of [1, 2]) {
  const startedAtMs = performance.now();
  const found = await explore({
    ...{ reducers, rounds: Number(values.rounds), concurrency: 2, crashes: Number(values.crashes) },
    ...{ duplicates: Number(values.duplicates), mostStates: Number(values.states) },
  });
  const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1);
  console.log(
    `2 workers, ${reducers} shards, ${values.rounds} rounds, ${values.crashes} crashes, ${values.duplicates} duplicates: ` +
      `${found.states} states, ${found.transitions} transitions, ${found.ends} ends, depth ${found.depth}, ` +
      `${seconds} s${found.complete ? "" : " (NOT ALL)"}`,
  );
  if (found.problem) {
    console.log(`${found.problem.what}\n${found.problem.way.map((step) => `  ${step}`).join("\n")}`);
    process.exitCode = 1;
  }
}
