import { isAlias, isCollection, isMap, isNode, isScalar, parseDocument, visit } from "yaml";
import type { Path, Problem } from "./problem.ts";

/** A position in a text file, both counted from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A YAML or JSON text as plain values, which still knows where each of them was written. */
export interface Source {
  readonly value: unknown;
  /** What is wrong with the text itself; `value` is undefined when there is anything. */
  readonly problems: readonly (Problem & { readonly place: Place })[];
  /** Where the value at `path` stands: its name in a mapping, else the value itself, else the nearest one around it. */
  placeOf(path: Path): Place;
}

/** The parser's own words where they speak to a programmer. */
const plainer: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: "this field stands twice in its mapping",
  MULTIPLE_DOCS: "a second document (`---`); a job file holds one",
  RESOURCE_EXHAUSTION: "nested too deeply",
};

/** Reads YAML 1.2 with anchors and merge keys. JSON is a part of YAML. */
export function readSource(text: string): Source {
  // The parser's own line counter loses count in texts with errors.
  const lineStarts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  const placeAt = (offset: number): Place => {
    const line = lineStarts.findLastIndex((start) => start <= offset);
    return { line: line + 1, column: offset - lineStarts[line]! + 1 };
  };
  const problems: (Problem & { place: Place })[] = [];
  const report = (offset: number, message: string) => problems.push({ path: [], message, place: placeAt(offset) });

  const document = parseDocument(text, { prettyErrors: false, merge: true, logLevel: "error" });
  const errors = [...document.errors, ...document.warnings];
  // What follows after the parser has run out of stack is noise.
  const tooDeep = errors.find(({ code }) => code === "RESOURCE_EXHAUSTION");
  for (const { code, message, pos } of tooDeep ? [tooDeep] : errors) report(pos[0], plainer[code] ?? message);
  const anchors = new Set<string>();
  visit(document, {
    Node: (_, node) => {
      if (isAlias(node) && !anchors.has(node.source)) {
        report(node.range?.[0] ?? 0, `no anchor \`&${node.source}\` stands before this alias`);
      } else if (!isAlias(node) && node.anchor) {
        anchors.add(node.anchor);
      }
    },
    Pair: (_, { key }) => {
      if (isCollection(key)) report(key.range?.[0] ?? 0, "a list or mapping cannot be the name of a field");
    },
  });
  let value: unknown;
  try {
    value = problems.length === 0 ? document.toJS({ maxAliasCount: 100 }) : undefined;
  } catch {
    // The parser refuses a text whose aliases, written out, would be far larger than itself ("billion laughs").
    report(0, "its aliases repeat too much; write the values out");
  }

  return {
    value,
    problems,
    placeOf: (path) => {
      let node: unknown = document.contents;
      let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
      for (const step of path) {
        const pair = isMap(node) ? node.items.find(({ key }) => String(key) === String(step)) : undefined;
        node = pair ? pair.value : isCollection(node) ? node.get(step, true) : undefined;
        const shown = pair && isScalar(pair.key) ? pair.key : node;
        if (!isNode(shown)) break;
        offset = shown.range?.[0] ?? offset;
      }
      return placeAt(offset);
    },
  };
}
