import * as pulumi from "@pulumi/pulumi";
import { closest } from "fastest-levenshtein";
import { cronProblem } from "./cron.ts";
import { type Cloud, cloudNames, type Limit, limits, maximumSchedules } from "./limits.ts";
import { RemovalPolicy, type Schedule, type TrainingPipelineArgs } from "./pipeline.ts";
import { tagProblems } from "./tags.ts";

/** One thing that is wrong: which argument, and what is allowed instead. */
export type Problem = readonly [path: string, reason: string];

/** Whether the value is there already, and not an output of some resource. */
const isKnown = (value: unknown) =>
  value !== undefined && value !== null && !pulumi.Output.isInstance(value) && !(value instanceof Promise);

/** A value as an error message shows it: short, and never a secret's wrapper. */
const shown = (value: unknown) => JSON.stringify(value)?.slice(0, 80) ?? String(value);

/** What is wrong with a number, if anything. `cloud` says who asks for it. */
export function numberProblem(cloud: Cloud, value: unknown, limit: Limit): string | undefined {
  const { minimum, maximum, step, values, reason } = limit;
  const fine =
    Number.isInteger(value) &&
    (value as number) >= minimum &&
    (value as number) <= maximum &&
    (!step || (value as number) % step === 0) &&
    (!values || values.includes(value as number));
  if (fine) return undefined;
  const range = `a whole number from ${minimum} to ${maximum}${step ? `, in steps of ${step}` : ""}`;
  return `is ${shown(value)}; ${cloudNames[cloud]} allows ${values ? `only ${values.join(", ")}` : range} (${reason})`;
}

/** Collects what is wrong with arguments; values that are not known yet are left for later. */
export class Problems {
  readonly found: Problem[] = [];

  /** Tests a value once it is known. */
  check<T>(path: string, value: pulumi.Input<T> | undefined, problem: (value: T) => string | undefined): void {
    if (!isKnown(value)) return;
    const reason = problem(value as T);
    if (reason) this.found.push([path, reason]);
  }

  matches(path: string, value: pulumi.Input<string> | undefined, pattern: RegExp, wanted: string): void {
    this.check(path, value, (text) =>
      typeof text === "string" && pattern.test(text) ? undefined : `is ${shown(text)}; wanted is ${wanted}`,
    );
  }

  /** Tests each item of a list; `undefined` is an empty list. */
  each<T>(path: string, values: readonly T[] | undefined, item: (path: string, value: T) => void): void {
    for (const [i, value] of (values ?? []).entries()) item(`${path}[${i}]`, value);
  }

  plainFlag(path: string, value: unknown): void {
    if (value !== undefined && typeof value !== "boolean")
      this.found.push([path, "decides which resources exist, so it must be a plain true or false, and no output"]);
  }

  exclusive(path: string, one: unknown, other: unknown, names: string): void {
    if (one && other) this.found.push([path, `has both ${names}; give one of them`]);
  }
}

const isTable = (value: unknown) => isKnown(value) && typeof value === "object" && !Array.isArray(value);
const tables = ["build", "bucket", "registry", "logs", "network", "transform"] as const;
const lists = ["schedules", "submitters", "predictCallers"] as const;

/** The arguments without the parts that are not even tables or lists, which are noted. An output cannot be looked into. */
export function wellFormed<A extends TrainingPipelineArgs>(args: A, { found }: Problems): A {
  const result = { ...args };
  for (const [names, fits, wanted] of [
    [tables, isTable, "a table"],
    [lists, Array.isArray, "a list"],
  ] as const)
    for (const name of names) {
      if (args[name] === undefined || fits(args[name])) continue;
      const value = isKnown(args[name]) ? shown(args[name]) : "an output or empty";
      found.push([name, `is ${value}; wanted is ${wanted}, whose items may be outputs`]);
      delete result[name];
    }
  return result;
}

function checkSchedules(problems: Problems, schedules: readonly Schedule[] | undefined): void {
  const names = new Set<string>();
  if (schedules && schedules.length > maximumSchedules)
    problems.found.push(["schedules", `has ${schedules.length} schedules; at most ${maximumSchedules} are allowed`]);
  problems.each("schedules", schedules, (path, schedule) => {
    if (!isTable(schedule)) {
      problems.found.push([path, `is ${shown(schedule)}; wanted is a table with name, cron and job`]);
      return;
    }
    problems.matches(
      `${path}.name`,
      schedule.name ?? "",
      /^[a-z][a-z0-9-]{0,19}$/,
      "1-20 lower-case letters, digits and hyphens, a letter first",
    );
    if (names.has(schedule.name))
      problems.found.push([`${path}.name`, `is ${shown(schedule.name)}, which another schedule has`]);
    names.add(schedule.name);
    problems.check(`${path}.cron`, schedule.cron ?? "", cronProblem);
    problems.matches(
      `${path}.job`,
      schedule.job ?? "",
      /^[a-z0-9][a-z0-9-]{0,99}$/,
      "a job's name: 1-100 lower-case letters, digits and hyphens",
    );
  });
}

const byDigest = /^[^\s@]+@sha256:[0-9a-f]{64}$/;
const email = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;

/** What is wrong with the arguments that all pipelines share. */
export function checkShared(
  cloud: Cloud,
  args: TrainingPipelineArgs,
  childNames: readonly string[],
  problems: Problems,
): void {
  const { found } = problems;
  if (!args.image === !args.build) found.push(["image", "or `build` is needed, and only one of them"]);
  problems.matches(
    "image",
    args.image,
    byDigest,
    "an image by digest, REPOSITORY@sha256:<64 hexadecimal digits>: a tag may move",
  );
  if (args.build)
    problems.check("build.context", args.build.context ?? "", (folder) =>
      folder ? undefined : "is missing; wanted is the folder to build from",
    );
  for (const [setting, limit] of Object.entries(limits[cloud]))
    problems.check(setting, args[setting as keyof typeof args] as number | undefined, (value) =>
      numberProblem(cloud, value, limit),
    );
  problems.check("warmInstances", args.warmInstances, (warm) => {
    const { warmInstances, maxConcurrency } = limits[cloud];
    const most = args.maxConcurrency ?? maxConcurrency.default;
    const isMore = isKnown(most) && warm > (most as number) && warm <= warmInstances.maximum;
    return isMore ? `is ${shown(warm)}, more than maxConcurrency, ${most}` : undefined;
  });
  problems.matches("alertEmail", args.alertEmail, email, "an e-mail address");
  if (args.monthlyBudgetDollars !== undefined && args.alertEmail === undefined)
    found.push(["monthlyBudgetDollars", "needs alertEmail: a budget that tells nobody is of no use"]);
  checkSchedules(problems, args.schedules);
  for (const flag of ["onNewData", "predict"] as const) problems.plainFlag(flag, args[flag]);
  if (args.predictCallers?.length && !args.predict) found.push(["predictCallers", "needs predict: true"]);
  const policies: readonly string[] = Object.values(RemovalPolicy);
  if (args.removalPolicy !== undefined && !policies.includes(args.removalPolicy))
    found.push(["removalPolicy", `is ${shown(args.removalPolicy)}; allowed are ${policies.join(", ")}, as plain text`]);
  for (const part of ["registry", "logs"] as const) {
    problems.plainFlag(`${part}.skip`, args[part]?.skip);
    problems.exclusive(part, args[part]?.skip, args[part]?.existing, "`skip` and `existing`");
  }
  problems.plainFlag("network.create", args.network?.create);
  problems.exclusive("network", args.network?.create, args.network?.existingSubnets, "`create` and `existingSubnets`");
  if (args.build && args.registry?.skip) found.push(["registry.skip", "leaves `build` without a registry to push to"]);
  problems.check("tags", args.tags, (tags) => {
    if (!isTable(tags)) return `is ${shown(tags)}, not a table of texts`;
    found.push(...tagProblems(cloud, tags));
    return undefined;
  });
  for (const [child, over] of Object.entries(args.transform ?? {}))
    if (!childNames.includes(child))
      found.push([
        `transform.${child}`,
        `names no child; did you mean ${closest(child, childNames)}? nodes has them all`,
      ]);
    else if (!isTable(over))
      found.push([`transform.${child}`, "must be a plain table of arguments, whose values may be outputs"]);
}

/** One error that lists everything, without a stack trace: it is the user's arguments that are wrong. */
export function argumentError(component: string, problems: readonly Problem[]): Error {
  const lines = problems.map(([path, reason]) => `  - ${path} ${reason}`);
  const count = problems.length === 1 ? "1 argument is" : `${problems.length} arguments are`;
  const error = new pulumi.InputPropertiesError({
    message: `${component}: ${count} not as it should be:\n${lines.join("\n")}`,
    errors: problems.map(([propertyPath, reason]) => ({ propertyPath, reason })),
  });
  // The SDK puts the name of each property that waited for the failing value before the message: dozens of them.
  const { message } = error;
  Object.defineProperty(error, "message", { get: () => message, set: () => {} });
  error.stack = message;
  return error;
}

/**
 * Throws one error for all that is wrong with known arguments, before any resource is registered. The result settles when
 * the rest is known: what is made from arguments waits for it (`gate` in settings.ts).
 */
export function validate<A extends object>(
  component: string,
  args: A,
  problemsOf: (args: A) => Problems,
): pulumi.Output<boolean> {
  const check = (known: A) => {
    const { found } = problemsOf(known);
    if (found.length > 0) throw argumentError(component, found);
    return true;
  };
  check(args);
  const { transform: _, ...inputs } = args as A & { transform?: unknown };
  // Not a secret, even if an argument is one.
  return pulumi.unsecret(pulumi.output(inputs).apply((known) => check(known as A)));
}
