import type { PlanEvent, RoundEvent, RunEvent } from "@trivet/worker-runtime/job/events";
import { duration, fitInto } from "./format.ts";
import { linesOf, partsOf, progressOf } from "./lines.ts";
import type { Progress } from "./progress.ts";

const eraseRest = "\x1b[K";

/**
 * Lines that stay, and below them one that is written over: the round as it stands and the time. Everything that changes
 * at once goes out in one write, so that nothing flickers.
 */
export class TerminalProgress implements Progress {
  readonly #stream: NodeJS.WriteStream;
  readonly #startedAtMs = performance.now();
  readonly #timer: NodeJS.Timeout;
  #plan: PlanEvent | undefined;
  #round: RoundEvent | undefined;
  /** What is done while there is no round to show. */
  #stage = "reading the data";

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    this.#timer = setInterval(() => stream.write(this.#status()), 1000).unref();
    stream.write(this.#status());
  }

  show(event: RunEvent): void {
    if (event.type === "plan") {
      this.#plan = event;
      this.#stage = "training";
    }
    if (event.type === "round") this.#round = event;
    if (event.type === "progress") this.#stage = progressOf(event);
    const lines = linesOf(event, this.#plan).map((line) => `\r${line}${eraseRest}\n`);
    this.#stream.write(lines.join("") + this.#status());
  }

  end(): void {
    clearInterval(this.#timer);
    this.#stream.write(`\r${eraseRest}`);
  }

  #status(): string {
    const seconds = Math.floor((performance.now() - this.#startedAtMs) / 1000);
    const parts = this.#round ? partsOf(this.#round, this.#plan) : [this.#stage];
    // One column stays free: some terminals wrap when the last one is written. Some do not tell their width.
    return `\r${fitInto([...parts, ...(seconds > 0 ? [duration(1000 * seconds)] : [])], (this.#stream.columns || 80) - 1)}${eraseRest}`;
  }
}
