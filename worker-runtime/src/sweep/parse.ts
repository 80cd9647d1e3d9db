import { dirname, join } from "node:path";
import { UserError } from "../errors.ts";
import { canonicalJson } from "../hash.ts";
import { checkSchema } from "../job/check.ts";
import { type JobDocument, jobSchema } from "../job/document.ts";
import {
  checkDocument,
  type FileKind,
  InvalidJob,
  type LocatedProblem,
  locate,
  readJob,
  readText,
  sourceOf,
} from "../job/parse.ts";
import { type Path, type Problem, showPath, showValue } from "../job/problem.ts";
import { describeAllowed, schemasAt } from "../job/schema.ts";
import { type SweepDocument, sweepJsonSchema, sweepSchema } from "./document.ts";
import { gridSize, type Settings, settingsOf } from "./settings.ts";

/** One run of a sweep: what it sets, and the whole job that comes of it. */
export interface SweepRun {
  readonly settings: Settings;
  readonly document: JobDocument;
}

export interface Sweep {
  readonly sweep: SweepDocument;
  /** The job file's folder: what its paths are relative to. */
  readonly folder: string;
  readonly runs: readonly SweepRun[];
}

const fileKind: FileKind = {
  name: "sweep file",
  example: "sweep.yaml",
  advice: "`trivet sweep --help` shows one to start from.",
};

/** More runs than this are a mistake. */
const runLimit = 1000;

/**
 * Reads a sweep file and the job file that it names. Throws `InvalidJob` with everything that is wrong with both at once;
 * values that the job would refuse are named where they stand in the sweep file.
 */
export async function readSweep(path: string): Promise<Sweep> {
  const source = sourceOf(await readText(path, fileKind), path, fileKind);
  const wrong = [
    ...checkSchema(source.value, { schema: sweepSchema, json: sweepJsonSchema }),
    ...checkRules(source.value),
  ];
  const job = await readJobOf(path, source.value);
  const problems = [...locate([...wrong, ...job.wrong], source, path), ...job.problems];
  if (problems.length > 0 || !job.document) throw new InvalidJob(path, problems);
  const base = job.document;
  const sweep = sweepSchema.parse(source.value);
  const values = Object.entries(sweep.parameters).flatMap(([name, values]) => checkValues(base, name, values));
  if (values.length > 0) throw new InvalidJob(path, locate(values, source, path));
  const runs = settingsOf(sweep, (name) => isWhole(base, name)).map((settings) => {
    const document = withSettings(base, settings);
    return { settings, document, problems: checkDocument(document) };
  });
  const refused = runs.filter(({ problems }) => problems.length > 0);
  if (refused.length > 0) throw new InvalidJob(path, locate(refused.map(asProblem), source, path));
  if (sweep.method === "halving" && runs.some(({ document }) => !measuresOnTheWay(document)))
    throw new InvalidJob(path, locate([unmeasured], source, path));
  return {
    sweep,
    folder: dirname(job.path),
    runs: runs.map(({ settings, document }) => ({ settings, document: jobSchema.parse(document) })),
  };
}

const unmeasured: Problem = {
  path: ["method"],
  message:
    "halving compares runs on the way, where this job is not measured; set `training.evaluateEvery` to 1 or more",
};

function measuresOnTheWay(document: unknown): boolean {
  return (document as JobDocument).training.evaluateEvery > 0;
}

interface ReadJob {
  readonly path: string;
  readonly document?: JobDocument;
  /** What is wrong in the job file. */
  readonly problems: readonly LocatedProblem[];
  /** What is wrong in the sweep file. */
  readonly wrong: readonly Problem[];
}

async function readJobOf(path: string, value: unknown): Promise<ReadJob> {
  const written = (value as { job?: unknown } | null)?.job ?? "job.yaml";
  // The schema tells of it.
  if (typeof written !== "string" || written === "") return { path, problems: [], wrong: [] };
  const job = join(dirname(path), written);
  try {
    return { path: job, document: await readJob(job), problems: [], wrong: [] };
  } catch (error) {
    if (error instanceof InvalidJob) return { path: job, problems: error.problems, wrong: [] };
    if (error instanceof UserError)
      return { path: job, problems: [], wrong: [{ path: ["job"], message: error.message }] };
    throw error;
  }
}

/** The rules between fields, told whatever else is wrong. */
function checkRules(document: unknown): Problem[] {
  const { method = "grid", parameters, runs, factor } = (document ?? {}) as Partial<SweepDocument>;
  const problems: Problem[] = [];
  const report = (path: Path, message: string) => problems.push({ path, message });
  const entries = typeof parameters === "object" && parameters !== null ? Object.entries(parameters) : [];
  if (typeof parameters === "object" && parameters !== null && entries.length === 0)
    report(["parameters"], "names nothing to vary");
  if (method === "grid") {
    if (runs !== undefined)
      report(["runs"], "a grid has as many runs as combinations; leave it out, or choose `method: random`");
    for (const [name, values] of entries)
      if (isRange(values))
        report(["parameters", name], "a grid needs a list of values; ranges are for `method: random` and `halving`");
    const size = gridSize(Object.fromEntries(entries));
    if (size > runLimit)
      report(
        ["parameters"],
        `there are ${size} combinations, more than ${runLimit}; draw some with \`method: random\``,
      );
  } else if (runs === undefined && (method === "random" || method === "halving")) {
    report(["runs"], `missing; say how many runs \`method: ${method}\` draws`);
  }
  if (method !== "halving" && factor !== undefined) report(["factor"], "only `method: halving` has one");
  for (const [name, values] of entries) {
    if (!isRange(values)) continue;
    const { from, to, scale } = values;
    if (from >= to) report(["parameters", name, "to"], `found ${to}; it must be above \`from\`, ${from}`);
    if (scale === "log" && from <= 0) report(["parameters", name, "from"], `found ${from}; a log scale begins above 0`);
  }
  return problems;
}

function isRange(values: unknown): values is { from: number; to: number; scale?: string } {
  const { from, to } = (values ?? {}) as { from?: unknown; to?: unknown };
  return typeof from === "number" && typeof to === "number";
}

/** What the job would say about each value of a parameter by itself. */
function checkValues(job: JobDocument, name: string, values: SweepDocument["parameters"][string]): Problem[] {
  const samples = Array.isArray(values) ? values : [values.from, values.to];
  const found = samples.flatMap((value, i) =>
    checkDocument(withSettings(job, { [name]: value })).map(({ path, message }) => {
      const place: Path = ["parameters", name, Array.isArray(values) ? i : (["from", "to"] as const)[i]!];
      const about = showPath(path);
      // A name that the job does not know is wrong whatever the value.
      if (message.startsWith("unknown field") && name.startsWith(about)) return { path: ["parameters", name], message };
      // Of the field itself the message says it all; a rule between fields has another place in the job.
      if (about === name || about.startsWith(`${name}.`) || about.startsWith(`${name}[`))
        return { path: place, message };
      return { path: place, message: `with ${showValue(value)} the job is wrong at ${about}: ${message}` };
    }),
  );
  return [...new Map(found.map((problem) => [canonicalJson(problem), problem])).values()];
}

function asProblem({ settings, problems }: { settings: Settings; problems: readonly Problem[] }): Problem {
  const said = Object.entries(settings).map(([name, value]) => `${name} ${showValue(value)}`);
  const [{ path, message }] = problems as [Problem];
  return { path: ["parameters"], message: `with ${said.join(", ")} the job is wrong at ${showPath(path)}: ${message}` };
}

/** The job with some fields set; mappings on the way are made where there are none. */
function withSettings(job: JobDocument, settings: Settings): unknown {
  const document = structuredClone(job) as Record<string, unknown>;
  for (const [path, value] of Object.entries(settings)) {
    const steps = path.split(".");
    let owner = document;
    for (const step of steps.slice(0, -1)) {
      const inner = Object.hasOwn(owner, step) ? owner[step] : undefined;
      const next = typeof inner === "object" && inner !== null ? inner : {};
      define(owner, step, next);
      owner = next as Record<string, unknown>;
    }
    define(owner, steps.at(-1)!, structuredClone(value));
  }
  return document;
}

/** An own field, also for a name such as `__proto__`, which then is unknown to the schema like any other. */
function define(owner: object, name: string, value: unknown): void {
  Object.defineProperty(owner, name, { value, writable: true, enumerable: true, configurable: true });
}

/** Whether the job wants whole numbers there. */
function isWhole(job: JobDocument, path: string): boolean {
  return describeAllowed(schemasAt(job, path.split("."))).includes("whole number");
}
