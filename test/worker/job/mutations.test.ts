import { expect } from "chai";
import fc from "fast-check";
import { stringify } from "yaml";
import { UserError } from "../../../worker-runtime/src/errors.ts";
import { jobSchema } from "../../../worker-runtime/src/job/document.ts";
import { InvalidJob, parseJob } from "../../../worker-runtime/src/job/parse.ts";
import { checkRules } from "../../../worker-runtime/src/job/rules.ts";

const valid = {
  name: "reviews",
  model: { kind: "text-classification", wordNgrams: 2, characterNgrams: [3, 5], buckets: 1024 },
  data: {
    train: ["a.csv", "b.csv"],
    heldOut: { fraction: 0.1 },
    format: "csv",
    columns: { text: "review", label: 1 },
  },
  training: {
    epochs: 3,
    optimizer: { kind: "adam", beta1: 0.8 },
    schedule: { kind: "cosine" },
    earlyStop: { patience: 2 },
  },
  rounds: { localSteps: 10, outer: { momentum: 0.5 }, codec: "int8" },
  seed: 7,
};

type Container = Record<string | number, unknown>;

/** Every container of a document with each of its keys. */
function places(value: unknown): [Container, string | number][] {
  if (typeof value !== "object" || value === null) return [];
  const keys = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return keys.flatMap((key) => [[value as Container, key], ...places((value as Container)[key])]);
}

const names = [
  "kind",
  "name",
  "topology",
  "module",
  "images",
  "newest",
  "count",
  "__proto__",
  "constructor",
  "$schema",
  "a b",
  "",
];
const anything = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    -1,
    1,
    1e9,
    0.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    "",
    "adam",
    "custom",
    "textclassification",
  ),
  fc.anything({ maxDepth: 2, key: fc.constantFrom(...names), withNullPrototype: false }),
);
const mutation = fc.record({
  place: fc.nat(),
  how: fc.constantFrom("set", "remove", "add", "rename"),
  name: fc.constantFrom(...names),
  value: anything,
});

function mutate(
  document: unknown,
  { place, how, name, value }: { place: number; how: string; name: string; value: unknown },
): void {
  const all = places(document);
  if (all.length === 0) return;
  const [container, key] = all[place % all.length]!;
  if (how === "set") container[key] = value;
  if (how === "add") define(container, name, value);
  if (how === "rename") define(container, name, container[key]);
  if (how === "remove" || how === "rename") delete container[key];
}

/** Also for the name `__proto__`, which an assignment would not create. */
function define(container: Container, name: string, value: unknown): void {
  if (!Array.isArray(container))
    Object.defineProperty(container, name, { value, enumerable: true, configurable: true, writable: true });
}

/** A job that keeps every rule, or a refusal that names the place of each problem. */
function parseOrRefuse(text: string): void {
  try {
    const job = parseJob(text, "job.yaml");
    expect(jobSchema.parse(job)).to.deep.equal(job);
    expect(checkRules(job)).to.deep.equal([]);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    expect(error.message).not.to.match(/undefined|\[object|ZodError|^TypeError/);
    const lines = text.split("\n");
    for (const { line, column } of error instanceof InvalidJob ? error.problems : []) {
      expect(line).to.be.within(1, lines.length);
      expect(column).to.be.within(1, lines[line - 1]!.length + 1);
    }
  }
}

describe("parseJob, with random documents", () => {
  it("answers any change to a valid job with a valid job or a refusal", () => {
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
        const document = structuredClone(valid);
        for (const each of mutations) mutate(document, each);
        parseOrRefuse(stringify(document, { aliasDuplicateObjects: false }));
      }),
      { numRuns: 1000 },
    );
  });

  it("answers any change to its text likewise", () => {
    const text = stringify(valid);
    const piece = fc.oneof(
      fc.string({ maxLength: 4 }),
      fc.constantFrom("\n", "\t", "- ", ": ", "&a ", "*a", "{", "]", "'", "|", "!!x ", "---\n", "? "),
    );
    fc.assert(
      fc.property(fc.nat(text.length), fc.nat(8), piece, (at, removed, inserted) => {
        parseOrRefuse(text.slice(0, at) + inserted + text.slice(at + removed));
      }),
      { numRuns: 1000 },
    );
  });
});
