// `npm run fuzz -- --seconds 60 [--seed N] [--reader csv]`: gives all that reads bytes from outside mutations of its corpus
// (test/fuzzing/corpus), and fails when one is not refused as it should be. `--reader csv --seed 1 --case 42`: that one alone.
import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { corpusOf, type Found, problemOf } from "./fuzz.ts";
import { mutated } from "./mutate.ts";
import type { News, Order } from "./process.ts";
import { readers } from "./readers.ts";

/** A process that says nothing for so long hangs. */
const silentMs = 20_000;

const text = { type: "string" } as const;
const { values } = parseArgs({ options: { seconds: text, seed: text, reader: text, case: text } });
const number = (name: "seconds" | "seed" | "case", otherwise: number) => {
  const value = Number(values[name] ?? otherwise);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  console.error(`error: --${name} ${values[name]} is not a whole number`);
  process.exit(2);
};
const names = readers.map(({ name }) => name).filter((name) => values.reader === undefined || name === values.reader);
if (names.length === 0) {
  console.error(`error: there is no reader ${values.reader}; there are ${readers.map(({ name }) => name).join(", ")}`);
  process.exit(2);
}
const seed = number("seed", 1);

if (values.case !== undefined) await readOne(number("case", 0));
else await readMany(number("seconds", 60));

async function readOne(chosen: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "trivet-fuzz-"));
  for (const reader of readers.filter(({ name }) => names.includes(name))) {
    const bytes = mutated(seed, chosen, corpusOf(reader), reader.isText);
    console.log(`${reader.name}: ${bytes.length} bytes\n${bytes.subarray(0, 2000).toString("latin1")}`);
    const problem = await problemOf(reader, bytes, folder, true);
    console.log(problem ?? "read, or refused as it should be");
    if (problem) process.exitCode = 1;
  }
  rmSync(folder, { recursive: true });
}

async function readMany(seconds: number): Promise<void> {
  const found: Found[] = [];
  const executions: Record<string, number> = {};
  const startedAtMs = performance.now();
  for (let from = 0; ; ) {
    const left = seconds - (performance.now() - startedAtMs) / 1000;
    if (left <= 0) break;
    const ended = await readFor({ names, seed, from, seconds: left }, found);
    for (const [name, count] of Object.entries(ended.executions)) executions[name] = (executions[name] ?? 0) + count;
    // After a hang or a death: on behind the case that caused it.
    from = ended.next;
  }
  console.table(
    names.map((name) => ({
      reader: name,
      executions: executions[name] ?? 0,
      problems: found.filter(({ reader }) => reader === name).length,
    })),
  );
  for (const one of found.slice(0, 20))
    console.log(`${one.reader}, again by --reader ${one.reader} --seed ${one.seed} --case ${one.number}: ${one.what}`);
  if (found.length > 0) process.exitCode = 1;
}

function readFor(order: Order, found: Found[]): Promise<{ executions: Record<string, number>; next: number }> {
  return new Promise((resolve) => {
    const child = fork(fileURLToPath(new URL("./process.ts", import.meta.url)), {
      execArgv: ["--max-old-space-size=1024"],
    });
    const counted: Record<string, number> = {};
    let last = { reader: order.names[0]!, number: order.from };
    let done = false;
    let why = "ends its process";
    const stop = () => {
      why = `hangs: nothing heard for ${silentMs / 1000} s`;
      child.kill("SIGKILL");
    };
    let timer = setTimeout(stop, silentMs);
    child.on("message", (news: News) => {
      clearTimeout(timer);
      timer = setTimeout(stop, silentMs);
      if (news.type === "reading") {
        last = news;
        counted[news.reader] = (counted[news.reader] ?? 0) + 1;
      } else if (news.type === "found") found.push(news.found);
      else done = true;
    });
    child.on("exit", () => {
      clearTimeout(timer);
      if (!done) found.push({ reader: last.reader, seed: order.seed, number: last.number, what: why });
      resolve({ executions: counted, next: last.number + 50 });
    });
    child.send(order);
  });
}
