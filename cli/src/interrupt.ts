import { exitCodes } from "./errors.ts";

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
