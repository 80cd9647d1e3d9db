import type { Injected } from "./injector.ts";
import type { Options } from "./options.ts";
import { type Simulated, simulate } from "./simulate.ts";

/**
 * Finds few faults that still make a job go wrong: takes away halves of what came, then quarters, and so on, and keeps each
 * removal after which the job still fails (Zeller's delta debugging). At most `most` runs.
 */
export async function shrink(options: Options, failed: Simulated, most = 60): Promise<Simulated> {
  let smallest = failed;
  let runs = 0;
  for (let pieces = 2; runs < most && smallest.injected.length > 0; ) {
    const faults: readonly Injected[] = [...new Set(smallest.injected)];
    const size = Math.ceil(faults.length / pieces);
    let removed = false;
    for (let from = 0; from < faults.length && runs < most && !removed; from += size) {
      const only = new Set([...faults.slice(0, from), ...faults.slice(from + size)]);
      const tried = await simulate(options, { only, logs: true });
      runs++;
      if (tried.problems.length === 0 || tried.injected.length >= smallest.injected.length) continue;
      smallest = tried;
      removed = true;
    }
    if (removed) pieces = Math.max(2, pieces - 1);
    else if (size === 1) break;
    else pieces *= 2;
  }
  return smallest;
}
