import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

export const command = fileURLToPath(new URL("../../cli/bin/trivet.mjs", import.meta.url));

export interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunOptions {
  readonly input?: string;
  readonly environment?: Record<string, string>;
}

/** Runs the real command in `folder`, without a terminal, and waits for its end. */
export function runTrivet(folder: string, args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return run(folder, [command, ...args], options);
}

/** Runs Node in `folder`. */
export async function run(
  folder: string,
  args: readonly string[],
  { input = "", environment = {} }: RunOptions = {},
): Promise<Ended> {
  const { NO_COLOR: _, FORCE_COLOR: __, ...inherited } = process.env;
  const child = spawn(process.execPath, args, { cwd: folder, env: { ...inherited, ...environment } });
  // The command may end without having read its input.
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  const [stdout, stderr, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { exitCode, stdout, stderr };
}
