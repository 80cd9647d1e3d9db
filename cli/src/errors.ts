import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "@trivet/worker-runtime/errors";
import { print, say, styled } from "./output.ts";

/** The command's exit codes; part of its interface. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  transient: 3,
  budget: 4,
  cancelled: 5,
  SIGINT: 130,
  SIGTERM: 143,
} as const;

const errorCodes = { 1: "failed", 2: "invalid-input", 3: "try-again" } as const;

/**
 * Tells an error and sets the exit code. A UserError is for the person: its message, no stack. Anything else is a bug of
 * Trivet: one line, and a file with what a report needs. With `--json` the error is also data.
 */
export function reportError(error: unknown, json: boolean): void {
  const isOurs = error instanceof UserError;
  const code = isOurs ? errorCodes[error.exitCode] : "bug";
  const message = isOurs ? error.message : describeBug(error);
  process.exitCode = isOurs ? error.exitCode : exitCodes.failed;
  if (json) print(JSON.stringify({ error: { code, message, ...problemsOf(error) } }));
  else say(`${styled("red", "error:", process.stderr)} ${message}`);
}

/** An invalid job tells each of its problems as data. */
function problemsOf(error: unknown): object {
  return error instanceof UserError && "problems" in error ? { problems: error.problems } : {};
}

function describeBug(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const summary = `This is a bug in Trivet: ${error instanceof Error ? error.message : error}`.split("\n")[0];
  const file = join(tmpdir(), `trivet-error-${Date.now()}-${process.pid}.log`);
  const { node } = process.versions;
  try {
    writeFileSync(file, `${stack}\n\n${process.argv.join(" ")}\nNode ${node}, ${process.platform} ${process.arch}\n`);
  } catch {
    return `${summary}\n${stack}`;
  }
  return `${summary}\nPlease report it in Trivet's repository with this file, which has the details: ${file}`;
}
