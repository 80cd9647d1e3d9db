import { canonicalJson } from "../hash.ts";

/** A field in which documents differ. `values` has one for each document; undefined where one lacks the field. */
export interface FieldDifference {
  /** Such as `training.learningRate`. */
  readonly path: string;
  readonly values: readonly unknown[];
}

/** The fields in which JSON values differ. Lists are compared as wholes. */
export function fieldsThatDiffer(documents: readonly object[]): FieldDifference[] {
  const fields = documents.map((document) => new Map(leaves(document, "")));
  const paths = new Set(fields.flatMap((found) => [...found.keys()]));
  return [...paths]
    .map((path) => ({ path, values: fields.map((found) => found.get(path)) }))
    .filter(({ values }) => new Set(values.map((value) => value !== undefined && canonicalJson(value))).size > 1);
}

function leaves(value: object, prefix: string): [path: string, value: unknown][] {
  return Object.entries(value).flatMap(([name, inner]) => {
    const isMapping = typeof inner === "object" && inner !== null && !Array.isArray(inner);
    return isMapping ? leaves(inner, `${prefix}${name}.`) : [[`${prefix}${name}`, inner] as [string, unknown]];
  });
}
