import { optionsOf } from "./options.ts";
import { shrink } from "./shrink.ts";
import { simulate } from "./simulate.ts";

/** All there is to say about a seed that fails: its options, the fewest faults that suffice, and what happened then. */
export async function explain(seed: number): Promise<string> {
  const options = optionsOf(seed);
  const failed = await simulate(options, { logs: true });
  if (failed.problems.length === 0) return `seed ${seed} holds`;
  const smallest = await shrink(options, failed);
  const log =
    smallest.log.length > 80 ? [...smallest.log.slice(0, 20), "...", ...smallest.log.slice(-60)] : smallest.log;
  return [
    `seed ${seed} fails: ${failed.problems.join("; ")}`,
    `options ${JSON.stringify(options)}`,
    `${failed.injected.length} faults came; ${smallest.injected.length} suffice for: ${smallest.problems.join("; ")}`,
    ...log.map((line) => `  ${line}`),
    `Again: npm run simulate -- --seed ${seed}`,
  ].join("\n");
}
