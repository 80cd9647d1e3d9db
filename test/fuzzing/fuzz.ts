import { readFileSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { UserError } from "../../worker-runtime/src/errors.ts";
import { mutated } from "./mutate.ts";
import { corpusFolder, corpusNames, type Reader } from "./readers.ts";

export interface Found {
  readonly reader: string;
  readonly seed: number;
  readonly number: number;
  readonly what: string;
}

/** An input of a few kilobytes that takes longer would be a way to keep a machine busy. */
const longestMs = 2_000;
/** What a reader may allocate beyond its input: pictures of 64 megapixels are allowed, and no corpus holds a large one. */
const mostBytes = 400 * 2 ** 20;

export function corpusOf(reader: Reader): Buffer[] {
  return corpusNames(reader).map((name) => readFileSync(new URL(`${reader.name}/${name}`, corpusFolder)));
}

/** Reads the n-th mutation of a seed. Gives what was wrong with how it was read. */
export async function readCase(
  reader: Reader,
  corpus: readonly Buffer[],
  seed: number,
  number: number,
  folder: string,
  timed = false,
): Promise<Found | undefined> {
  const what = await problemOf(reader, mutated(seed, number, corpus, reader.isText), folder, timed);
  return what === undefined ? undefined : { reader: reader.name, seed, number, what };
}

/**
 * What is wrong with how a reader takes some bytes; undefined: it read them, or refused them as it should. `timed`: also when it takes
 * too long, which says nothing on a machine that is busy with other things.
 */
export async function problemOf(
  reader: Reader,
  bytes: Buffer,
  folder: string,
  timed = false,
): Promise<string | undefined> {
  const beforeBytes = process.memoryUsage().arrayBuffers;
  const startedAtMs = performance.now();
  let problem: string | undefined;
  const onUnhandled = (error: unknown) => {
    problem = `ends the process by an error that nobody waits for: ${(error as Error)?.stack ?? error}`;
  };
  process.on("unhandledRejection", onUnhandled);
  try {
    await reader.read(bytes, folder);
  } catch (error) {
    if (!(error instanceof UserError)) problem = (error as Error)?.stack ?? String(error);
    else if (/undefined|\[object|TypeError|RangeError|ReferenceError/.test(error.message) && reader.name !== "parquet")
      problem = `says: ${error.message.slice(0, 300)}`;
  }
  const tookMs = performance.now() - startedAtMs;
  // What nobody waits for may still be reading a file.
  if (reader.isAsync)
    do await setImmediate();
    while (process.getActiveResourcesInfo().some((name) => name.startsWith("FSReq")));
  process.off("unhandledRejection", onUnhandled);
  const allocatedBytes = process.memoryUsage().arrayBuffers - beforeBytes;
  if (timed && tookMs > (reader.longestMs ?? longestMs)) problem ??= `takes ${Math.round(tookMs)} ms`;
  if (allocatedBytes > mostBytes) problem ??= `allocates ${Math.round(allocatedBytes / 2 ** 20)} MiB`;
  return problem;
}
