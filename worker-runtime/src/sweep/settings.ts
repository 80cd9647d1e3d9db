import { canonicalJson } from "../hash.ts";
import { Random } from "../training/random.ts";
import type { Range, SweepDocument } from "./document.ts";

/** What one run sets in the job: a value for each parameter's path. */
export type Settings = Readonly<Record<string, unknown>>;

/** So many draws for each run that is wanted, before it is clear that there are no more different ones. */
const drawsPerRun = 50;

/**
 * The runs of a sweep, all different: every combination, the last parameter fastest; or draws, which depend on the seed, the
 * parameter's path and the draw's number alone. `isWhole` says for which parameters the job wants whole numbers.
 */
export function settingsOf(sweep: SweepDocument, isWhole: (path: string) => boolean): Settings[] {
  const parameters = Object.entries(sweep.parameters);
  if (sweep.method === "grid") return combinations(parameters as [string, readonly unknown[]][]);
  const runs = sweep.runs ?? 0;
  const found = new Map<string, Settings>();
  for (let draw = 0; draw < runs * drawsPerRun && found.size < runs; draw++) {
    const settings = Object.fromEntries(
      parameters.map(([path, values]) => {
        const uniform = new Random(sweep.seed, "sweep", path).uniform(draw);
        return [
          path,
          Array.isArray(values) ? values[Math.floor(uniform * values.length)] : within(values, uniform, isWhole(path)),
        ];
      }),
    );
    const name = canonicalJson(settings);
    if (!found.has(name)) found.set(name, settings);
  }
  return [...found.values()];
}

function combinations(parameters: readonly [path: string, values: readonly unknown[]][]): Settings[] {
  let all: Settings[] = [{}];
  for (const [path, values] of parameters)
    all = all.flatMap((some) => values.map((value) => ({ ...some, [path]: value })));
  return all;
}

/**
 * Four significant digits: as many as anybody reads, and the same on every machine, whose `Math.exp` may differ in the last
 * of sixteen.
 */
function within({ from, to, scale }: Range, uniform: number, whole: boolean): number {
  const room = whole ? 1 : 0;
  const value =
    scale === "log"
      ? Math.exp(Math.log(from) + uniform * (Math.log(to + room) - Math.log(from)))
      : from + uniform * (to + room - from);
  const drawn = whole ? Math.floor(value) : Number(value.toPrecision(4));
  return Math.min(to, Math.max(from, drawn));
}

/** How many combinations a grid has. */
export function gridSize(parameters: SweepDocument["parameters"]): number {
  return Object.values(parameters).reduce((size, values) => size * (Array.isArray(values) ? values.length : 1), 1);
}
