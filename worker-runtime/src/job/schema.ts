import * as z from "zod";
import { jobSchema } from "./document.ts";
import type { Path } from "./problem.ts";

/** The part of JSON Schema (draft 7) that zod makes of the job document. */
export interface JsonSchema {
  readonly $schema?: string;
  readonly title?: string;
  readonly type?: "object" | "array" | "string" | "integer" | "number" | "boolean" | "null";
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: JsonSchema | readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
}

/**
 * The job document as JSON Schema, as a person writes it (defaults may be left out). `job.schema.json` holds it for
 * editors: draft 7, which all of them know. Rules between fields (rules.ts) are not in it.
 */
export const jobJsonSchema: JsonSchema = {
  title: "Trivet job",
  ...(z.toJSONSchema(jobSchema, { io: "input", target: "draft-7" }) as JsonSchema),
};

/** What may stand at `path` of `document`: one schema, or several where the document leaves open which one is meant. */
export function schemasAt(document: unknown, path: Path, whole = jobJsonSchema): readonly JsonSchema[] {
  let schemas = branches(whole, document);
  let value = document;
  for (const step of path) {
    value = (value as Record<string | number, unknown> | null | undefined)?.[step];
    schemas = schemas.flatMap((schema) => child(schema, step).flatMap((inner) => branches(inner, value)));
  }
  return schemas;
}

/** The names of fields that may stand at `path` of `document`. */
export function fieldNamesAt(document: unknown, path: Path, whole = jobJsonSchema): readonly string[] {
  return [...new Set(schemasAt(document, path, whole).flatMap(fieldNames))];
}

/** Without `$schema`, which is for editors. */
function fieldNames(schema: JsonSchema): readonly string[] {
  return Object.keys(schema.properties ?? {}).filter((name) => !name.startsWith("$"));
}

function child(schema: JsonSchema, step: string | number): readonly JsonSchema[] {
  if (typeof step === "number") {
    const item = Array.isArray(schema.items) ? schema.items[step] : schema.items;
    return item ? [item] : [];
  }
  const known = Object.hasOwn(schema.properties ?? {}, step) ? schema.properties?.[step] : undefined;
  if (known) return [known];
  return typeof schema.additionalProperties === "object" ? [schema.additionalProperties] : [];
}

/** Alternatives laid side by side. Those with a `kind` are narrowed to the value's kind, if it has a valid one. */
function branches(schema: JsonSchema, value: unknown): readonly JsonSchema[] {
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (!alternatives) return [schema];
  const kind = (value as { kind?: unknown } | null | undefined)?.kind;
  const chosen = alternatives.filter(({ properties }) => kind !== undefined && properties?.kind?.const === kind);
  return (chosen.length > 0 ? chosen : alternatives).flatMap((inner) => branches(inner, value));
}

/** What is allowed, in words: "a whole number from 1 to 5", "one of csv, tsv". */
export function describeAllowed(schemas: readonly JsonSchema[]): string {
  const words = namesAllowed(schemas);
  const kinds = schemas.flatMap(({ properties }) => properties?.kind?.const ?? []);
  const choices = [
    ...(words.length > 0 ? [oneOf(words)] : []),
    ...(kinds.length > 0 ? [`a mapping whose kind is ${oneOf(kinds)}`] : []),
  ];
  const others = schemas
    .filter((schema) => !schema.const && !schema.enum && !schema.properties?.kind?.const)
    .map(describeOne);
  return list([...choices, ...new Set(others)]);
}

/** "a", "a or b", "a, b or c". */
function list(alternatives: readonly string[]): string {
  const last = alternatives.at(-1) ?? "nothing";
  return alternatives.length > 1 ? `${alternatives.slice(0, -1).join(", ")} or ${last}` : last;
}

function oneOf(words: readonly string[]): string {
  return words.length > 1 ? `one of ${words.join(", ")}` : String(words[0]);
}

/** The words that are allowed, where only some are. */
export function namesAllowed(schemas: readonly JsonSchema[]): readonly string[] {
  return schemas.flatMap((schema) => schema.enum ?? (schema.const ? [schema.const] : []));
}

function describeOne(schema: JsonSchema): string {
  switch (schema.type) {
    case "integer":
      return `a whole number${range(schema)}`;
    case "number":
      return `a number${range(schema)}`;
    case "boolean":
      return "true or false";
    case "string":
      return "text";
    case "array":
      return `a list of ${count(schema)} (each ${describeAllowed(itemSchemas(schema))})`;
    case "object":
      return schema.properties ? `{ ${fieldNames(schema).join(", ")} }` : "a mapping";
    case undefined:
      return "any value";
    default:
      return "nothing";
  }
}

function range({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonSchema): string {
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`;
  const limits = [
    minimum !== undefined && `at least ${minimum}`,
    exclusiveMinimum !== undefined && `above ${exclusiveMinimum}`,
    maximum !== undefined && `at most ${maximum}`,
    exclusiveMaximum !== undefined && `below ${exclusiveMaximum}`,
  ];
  const said = limits.filter((limit) => limit !== false).join(" and ");
  return said && ` ${said}`;
}

function count({ minItems = 0, maxItems }: JsonSchema): string {
  if (minItems === maxItems) return `${minItems} entries`;
  if (maxItems === undefined) return minItems > 0 ? `${minItems} or more entries` : "entries";
  return `${minItems} to ${maxItems} entries`;
}

function itemSchemas({ items = [] }: JsonSchema): readonly JsonSchema[] {
  return Array.isArray(items) ? items : [items as JsonSchema];
}
