import type * as z from "zod";
import { jobSchema } from "./document.ts";
import { nearestName } from "./nearest-name.ts";
import { type Path, type Problem, showValue } from "./problem.ts";
import { describeAllowed, fieldNamesAt, type JsonSchema, jobJsonSchema, namesAllowed, schemasAt } from "./schema.ts";

type Issue = z.core.$ZodIssue;

/**
 * Everything in which `document` departs from the schema: each problem with its path, what was found, what is allowed,
 * and the nearest valid name. A mistyped `kind` does not hide the problems next to it: they are looked for as if
 * it were the nearest valid kind.
 */
export function checkSchema(document: unknown, { schema, json }: Schema = job): Problem[] {
  const issues = schema.safeParse(document, { reportInput: true }).error?.issues ?? [];
  const problems = issues.flatMap((issue) => explain(document, issue.path as Path, issue, json));

  const corrected = structuredClone(document);
  const corrections = issues.filter((issue) => correctKind(corrected, issue.path as Path, json));
  const known = new Set(problems.map(({ path }) => path.join()));
  const hidden =
    corrections.length > 0
      ? checkSchema(corrected, { schema, json }).filter(({ path }) => !known.has(path.join()))
      : [];
  return [...problems, ...hidden];
}

/** A kind of document: its definition, and the same as JSON Schema, from which sentences are made. */
export interface Schema {
  readonly schema: z.ZodType;
  readonly json: JsonSchema;
}

const job: Schema = { schema: jobSchema, json: jobJsonSchema };

/** Puts the nearest valid kind in place of a mistyped one. False when there is none, or nothing to correct. */
function correctKind(document: unknown, path: Path, json: JsonSchema): boolean {
  const owner = valueAt(document, path.slice(0, -1)) as { kind: unknown };
  if (path.at(-1) !== "kind" || typeof owner.kind !== "string") return false;
  const kind = nearestName(owner.kind, namesAllowed(schemasAt(document, path, json)));
  if (kind === undefined) return false;
  owner.kind = kind;
  return true;
}

function explain(document: unknown, path: Path, issue: Issue, json: JsonSchema): Problem[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => explainUnknownField(document, path, key, json));
  }
  if (issue.code === "invalid_union" && issue.errors.length > 0) {
    const meant = meantBranch(issue);
    if (meant) return meant.flatMap((inner) => explain(document, [...path, ...(inner.path as Path)], inner, json));
  }
  const found = valueAt(document, path);
  const schemas = schemasAt(document, path, json);
  const message = `${found === undefined ? "missing" : `found ${showValue(found)}`}; ${allowedInstead(issue, schemas)}`;
  const nearest =
    typeof found === "string"
      ? nearestName(found, namesAllowed(schemas))
      : nearestName(Object.keys(found ?? {})[0] ?? "", fieldNamesAt(document, path, json));
  return [{ path, message: message + didYouMean(nearest) }];
}

function allowedInstead(issue: Issue, schemas: readonly JsonSchema[]): string {
  if (issue.code === "invalid_format") return issue.message;
  if (issue.code === "too_small" && issue.origin === "string") return "it must not be empty";
  return `expected ${describeAllowed(schemas)}`;
}

function didYouMean(name: string | undefined): string {
  return name === undefined ? "" : `; did you mean \`${name}\`?`;
}

function explainUnknownField(document: unknown, path: Path, field: string, json: JsonSchema): Problem {
  const names = fieldNamesAt(document, path, json);
  const nearest = nearestName(field, names);
  const advice = nearest === undefined ? `; known here: ${names.join(", ")}` : didYouMean(nearest);
  return { path: [...path, field], message: `unknown field${advice}` };
}

/**
 * Of the alternatives that a value fails, the one it was meant for, when that is plain: the only one whose type is
 * right, or the mapping that knows most of its fields. Undefined when it is not.
 */
function meantBranch(issue: Extract<Issue, { code: "invalid_union" }>): readonly Issue[] | undefined {
  const ofRightType = alternatives(issue).filter((issues) => !issues.some(isWrongType));
  if (ofRightType.length === 1 && knownFields(ofRightType[0]!, issue.input) !== 0) return ofRightType[0];
  const known = ofRightType.map((issues) => knownFields(issues, issue.input));
  const most = Math.max(0, ...known);
  return most > 0 ? ofRightType[known.indexOf(most)] : undefined;
}

function alternatives(issue: Extract<Issue, { code: "invalid_union" }>): readonly (readonly Issue[])[] {
  return issue.errors.flatMap((issues) => {
    const [only] = issues;
    return only?.code === "invalid_union" && only.path.length === 0 ? alternatives(only) : [issues];
  });
}

function isWrongType(issue: Issue): boolean {
  return issue.path.length === 0 && issue.code === "invalid_type";
}

/** How many fields of a mapping an alternative knows; -1 for what is no mapping. */
function knownFields(issues: readonly Issue[], value: unknown): number {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return -1;
  const unknown = issues.flatMap((issue) =>
    issue.code === "unrecognized_keys" && issue.path.length === 0 ? issue.keys : [],
  );
  return Object.keys(value).length - unknown.length;
}

function valueAt(document: unknown, path: Path): unknown {
  return path.reduce((value: unknown, step) => {
    return typeof value === "object" && value !== null && Object.hasOwn(value, step)
      ? (value as Record<string | number, unknown>)[step]
      : undefined;
  }, document);
}
