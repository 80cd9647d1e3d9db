import { afterEach } from "mocha";
import { markdownTable } from "../support/markdown.ts";

/** What a table of the contract is about. */
export type Subject = "Object stores" | "Object stores behind a bad network" | "Task queues";

type State = "passed" | "failed" | "pending";

/** By subject, case and backend, in the order in which they ran. */
const results = new Map<Subject, Map<string, Map<string, State>>>();

/** Notes the outcome of every case of the enclosing `describe` in the table. */
export function record(subject: Subject, backend: string): void {
  afterEach(function () {
    const { title, state = "pending" } = this.currentTest!;
    const cases = results.get(subject) ?? new Map<string, Map<string, State>>();
    results.set(subject, cases);
    const row = cases.get(title) ?? new Map<string, State>();
    cases.set(title, row);
    row.set(backend, state);
  });
}

/** How many backends a subject was tried on, so far. */
export function backendsOf(subject: Subject): string[] {
  return [...new Set([...(results.get(subject)?.values() ?? [])].flatMap((row) => [...row.keys()]))].toSorted();
}

/** Markdown: cases by backends. */
export function renderTable(subject: Subject): string {
  const backends = backendsOf(subject);
  const rows = [...results.get(subject)!].map(([title, row]) => {
    const states = backends.map((backend) => row.get(backend) ?? "not run");
    return [title, ...states.map((state) => (state === "passed" ? "yes" : state))];
  });
  return markdownTable(["Case", ...backends], rows);
}
