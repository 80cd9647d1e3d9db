import { type ChildProcess, spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { root } from "../setup/places.mjs";

export interface RunOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** It is ended after so long. Default: never. */
  readonly limitMinutes?: number;
  /** What it prints is seen at once, and not returned. */
  readonly isShown?: boolean;
  /** Its errors are not seen, and part of the error that is thrown. */
  readonly isQuiet?: boolean;
}

let running: ChildProcess | undefined;
let isInterrupted = false;

/** Ctrl-C for the program that runs, which ends as it sees fit. No other is started before `goOn`. */
export function interrupt(): void {
  isInterrupted = true;
  running?.kill("SIGINT");
}

export function goOn(): void {
  isInterrupted = false;
}

/** Runs a program in the project; what it printed. Throws when it fails, with what it said that nobody has seen. */
export async function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { environment = {}, limitMinutes, isShown = false, isQuiet = false } = options;
  if (isInterrupted) throw new Error("Interrupted.");
  const child = spawn(program, args, {
    cwd: root,
    // A group of its own: a terminal's Ctrl-C comes by `interrupt` alone, and so once.
    detached: true,
    env: { ...process.env, ...environment },
    stdio: ["ignore", isShown ? "inherit" : "pipe", isQuiet ? "pipe" : "inherit"],
    ...(limitMinutes !== undefined && { timeout: limitMinutes * 60_000 }),
  });
  running = child;
  const ended = new Promise<string | number | null>((resolve, reject) =>
    child.on("close", (code, signal) => resolve(signal ?? code)).on("error", reject),
  );
  const [stdout, stderr, how] = await Promise.all([
    child.stdout ? text(child.stdout) : "",
    child.stderr ? text(child.stderr) : "",
    ended,
  ]);
  running = undefined;
  if (how === 0) return stdout.trimEnd();
  const limit = how === "SIGTERM" && limitMinutes !== undefined ? ` (its ${limitMinutes} minutes are over)` : "";
  throw new Error(`${program} ${args.slice(0, 3).join(" ")} ended with ${how}${limit}.\n${stdout}${stderr}`.trimEnd());
}
