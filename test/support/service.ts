import { spawn } from "node:child_process";
import { once } from "node:events";

/** A program that serves until it is stopped, or until this process ends, however it ends. */
export interface Service {
  /** What `ready` captured, once for each time that it had to match. */
  readonly captured: readonly string[];
  stop(): Promise<void>;
}

/**
 * `sh` ends the program when its standard input closes, which the kernel does for us even where this process is killed.
 */
const guard = 'exec 3<&0; "$@" <&- & program=$!; (read -r _ <&3; kill $program 2>/dev/null) & wait $program';

/**
 * Starts a program and waits until its output has matched `ready` (with one group) `times`. Rejects when it ends before,
 * with the end of what it said.
 */
export async function startService(command: readonly string[], ready: RegExp, times = 1): Promise<Service> {
  const child = spawn("sh", ["-c", guard, "sh", ...command], { stdio: ["pipe", "pipe", "pipe"] });
  let output = "";
  const closed = once(child, "close");
  const found = new Promise<string[]>((resolve, reject) => {
    const look = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-20_000);
      const captured = [...output.matchAll(new RegExp(ready, "g"))].map(([, group]) => group!);
      if (captured.length >= times) resolve(captured);
    };
    child.stdout.on("data", look);
    child.stderr.on("data", look);
    closed.then(() => reject(new Error(`${command[0]} ended:\n${output.slice(-2000)}`)), reject);
  });
  return {
    captured: await found,
    async stop() {
      child.stdin.destroy();
      await closed;
    },
  };
}
