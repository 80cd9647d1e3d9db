// `npm run explore [-- --crashes N --duplicates N --rounds N --states N]`: visits every state of a small job. Without numbers: the
// worlds of two rounds that are visited to the end, in about half a minute; and one round with a crash and a duplicate.
import { parseArgs } from "node:util";
import { type Bounds, explore } from "./explorer.ts";

const { values } = parseArgs({
  options: Object.fromEntries(
    ["crashes", "duplicates", "rounds", "states"].map((name) => [name, { type: "string" as const }]),
  ),
});
const asked = Object.values(values).some((value) => value !== undefined);
const { crashes, duplicates, rounds, states } = {
  crashes: "1",
  duplicates: "0",
  rounds: "2",
  states: "12000000",
  ...values,
};
const worlds = asked
  ? [{ crashes: Number(crashes), duplicates: Number(duplicates), rounds: Number(rounds) }]
  : [
      { crashes: 0, duplicates: 0, rounds: 2 },
      { crashes: 1, duplicates: 0, rounds: 2 },
      { crashes: 0, duplicates: 1, rounds: 2 },
      { crashes: 1, duplicates: 1, rounds: 1 },
    ];
for (const world of worlds)
  for (const reducers of [1, 2]) await tell({ ...world, reducers, concurrency: 2, mostStates: Number(states) });

async function tell(bounds: Bounds): Promise<void> {
  const startedAtMs = performance.now();
  const { states, transitions, ends, depth, complete, problem } = await explore(bounds);
  const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1);
  const count = (number: number) => number.toLocaleString("en-GB");
  console.log(
    `2 workers, ${bounds.reducers} shards, ${bounds.rounds} rounds, ${bounds.crashes} crashes, ${bounds.duplicates} duplicates: ` +
      `${count(states)} states, ${count(transitions)} transitions, ${ends} ends, depth ${depth}, ` +
      `${seconds} s${complete ? "" : " (NOT ALL)"}`,
  );
  if (!problem) return;
  console.log(`${problem.what}\n${problem.way.map((step) => `  ${step}`).join("\n")}`);
  process.exitCode = 1;
}
