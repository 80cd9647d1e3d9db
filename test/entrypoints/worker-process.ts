import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** A line of a worker's log, as the platform's log has it. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly severity: string; readonly message: string };

/** A worker as a process of its own, with this environment and nothing else (as `env -i` would start it). */
export class WorkerProcess {
  readonly lines: LogLine[] = [];
  /** What it wrote that is not a line of its log. */
  readonly rest: string[] = [];
  /** Resolves with the exit code, or with the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  readonly #child: ChildProcess;
  readonly #guard: ChildProcess;
  #looks: (() => void)[] = [];
  #onLine: (line: LogLine) => void = () => {};

  constructor([program, ...programArguments]: readonly string[], environment: Readonly<Record<string, string>>) {
    // Its own group: Lambda's emulator starts the function as a child.
    const options = { env: environment, stdio: ["ignore", "pipe", "pipe"], detached: true } as const;
    this.#child = spawn(program!, programArguments, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.#child.stdout!, this.#child.stderr!])
      createInterface({ input: stream }).on("line", (line) => this.#take(line));
    this.ended = once(this.#child, "exit").then(([code, signal]) => signal ?? code);
    // Ends the group when its standard input closes: also where this process is killed, and can end nothing itself.
    const guard = 'read -r _; kill -KILL "-$1" 2>/dev/null';
    this.#guard = spawn("sh", ["-c", guard, "sh", String(this.pid)], {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** The first line, past or to come, that fits. Rejects when the process ends without one. */
  async line(fits: (line: LogLine) => boolean): Promise<LogLine> {
    let ended: number | string | undefined;
    void this.ended.then((how) => {
      ended = how;
      for (const look of this.#looks) look();
    });
    for (;;) {
      const found = this.lines.find(fits);
      if (found) return found;
      if (ended !== undefined)
        throw new Error(`the worker ended with ${ended}:\n${JSON.stringify(this.lines)}\n${this.rest.join("\n")}`);
      await new Promise<void>((resolve) => this.#looks.push(resolve));
    }
  }

  /** Tells every line of its log, those that have come first. */
  onLine(tell: (line: LogLine) => void): void {
    this.lines.forEach(tell);
    this.#onLine = tell;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Ends it, and what it started, as a platform does that needs the machine. */
  async stop(): Promise<void> {
    this.#guard.stdin!.destroy();
    await this.ended;
  }

  #take(line: string): void {
    try {
      const value = JSON.parse(line);
      if (typeof value?.severity !== "string") throw new Error("not of the log");
      this.lines.push(value);
      this.#onLine(value);
    } catch {
      this.rest.push(line);
    }
    const looks = this.#looks;
    this.#looks = [];
    for (const look of looks) look();
  }
}
