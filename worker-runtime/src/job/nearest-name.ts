import { distance } from "fastest-levenshtein";

/** The name that `written` was most likely meant to be, or undefined when none is near: about a third of it wrong. */
export function nearestName(written: string, names: readonly string[]): string | undefined {
  const distances = names.map((name) => distance(written.toLowerCase(), name.toLowerCase()));
  const smallest = Math.min(...distances);
  return smallest <= Math.ceil(written.length / 3) ? names[distances.indexOf(smallest)] : undefined;
}
