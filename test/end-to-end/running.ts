import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import type { FinishedEvent, RunEvent } from "../../worker-runtime/src/job/events.ts";
import { command } from "../cli/run-trivet.ts";

/** The real command while it runs, in a process group of its own as a shell would start it. */
export class RunningTrivet {
  readonly #child;
  readonly #stderr: Promise<string>;
  readonly #ended: Promise<number | null>;

  constructor(folder: string, args: readonly string[], environment: Record<string, string> = {}) {
    const { NO_COLOR: _, FORCE_COLOR: __, ...inherited } = process.env;
    const env = { ...inherited, ...environment };
    this.#child = spawn(process.execPath, [command, ...args], {
      ...{ cwd: folder, env, detached: true },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#stderr = text(this.#child.stderr);
    this.#ended = new Promise((resolve) => this.#child.on("close", resolve));
  }

  /** Its events, as `--json` prints them, while they come. */
  async *events(): AsyncGenerator<RunEvent> {
    for await (const line of createInterface({ input: this.#child.stdout })) yield JSON.parse(line);
  }

  /** Resolves when something that it tells a person contains `words`. */
  async told(words: string): Promise<void> {
    let told = "";
    await new Promise<void>((resolve, reject) => {
      this.#child.stderr.on("data", (chunk) => {
        told += chunk;
        if (told.includes(words)) resolve();
      });
      this.#ended.then(() => reject(new Error(`ended without "${words}":\n${told}`)));
    });
  }

  /** To the command alone. Nothing happens when it has ended. */
  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** To the command and its workers, as a terminal does when somebody types Ctrl-C. */
  interrupt(): void {
    process.kill(-this.#child.pid!, "SIGINT");
  }

  async ended(): Promise<{ exitCode: number | null; stderr: string }> {
    const [exitCode, stderr] = await Promise.all([this.#ended, this.#stderr]);
    return { exitCode, stderr };
  }
}

/** Runs `trivet train --json` to its end. */
export async function trainToEnd(
  folder: string,
  args: readonly string[] = [],
  environment: Record<string, string> = {},
) {
  const running = new RunningTrivet(folder, ["train", "job.json", "--json", ...args], environment);
  const events: RunEvent[] = [];
  for await (const event of running.events()) events.push(event);
  const { exitCode, stderr } = await running.ended();
  return { events, exitCode, stderr, finished: events.at(-1) as FinishedEvent };
}
