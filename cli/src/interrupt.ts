import { exitCodes } from "./errors.ts";
import { say } from "./output.ts";

/**
 * npm passes Ctrl-C on to the command, which the terminal has already told: signals that come so soon after each other are
 * one keystroke.
 */
const sameKeystrokeMs = 300;

/** Ctrl-C and SIGTERM as an AbortSignal while the work runs: the first asks it to stop, the second ends the process. */
export class Interrupt implements Disposable {
  readonly #abort = new AbortController();
  readonly #onFirst: () => void;
  #received: "SIGINT" | "SIGTERM" | undefined;
  #receivedAtMs = 0;

  constructor(onFirst: () => void) {
    this.#onFirst = onFirst;
    process.on("SIGINT", this.#receive).on("SIGTERM", this.#receive);
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** What the process ends with after an interruption. */
  get exitCode(): number {
    return exitCodes[this.#received ?? "SIGINT"];
  }

  [Symbol.dispose](): void {
    process.off("SIGINT", this.#receive).off("SIGTERM", this.#receive);
  }

  #receive = (name: "SIGINT" | "SIGTERM"): void => {
    const nowMs = performance.now();
    if (this.#received === undefined) {
      this.#received = name;
      this.#receivedAtMs = nowMs;
      this.#onFirst();
      this.#abort.abort();
    } else if (nowMs - this.#receivedAtMs > sameKeystrokeMs) {
      process.exit(exitCodes[name]);
    }
  };
}

/** Runs work that Ctrl-C stops by throwing the signal's reason; then says `stopped`, sets the exit code and gives undefined. */
export async function unlessInterrupted<T>(
  stopped: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  using interrupt = new Interrupt(() => say("\nStopping. Again: leave at once."));
  try {
    return await work(interrupt.signal);
  } catch (error) {
    if (!interrupt.signal.aborted || error !== interrupt.signal.reason) throw error;
    say(stopped);
    process.exitCode = interrupt.exitCode;
    return undefined;
  }
}
