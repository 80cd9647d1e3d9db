import { styleText } from "node:util";
import type { RehearsalEvent } from "./rehearse.ts";

/** Where the view is written; a terminal, or a file or pipe. */
export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/**
 * What happens, as lines with the seconds before them. In a terminal a last line says how many resources there are, which
 * functions run and how far the job is, and changes in place; elsewhere each round is a line of its own.
 */
export class LiveView {
  readonly #screen: Screen;
  readonly #startedAtMs = performance.now();
  #place = "";
  #resources = 0;
  #running = 0;
  #round = "";

  constructor(screen: Screen = process.stdout) {
    this.#screen = screen;
  }

  get seconds(): number {
    return (performance.now() - this.#startedAtMs) / 1000;
  }

  /** From now on it is about this cloud, or this machine. */
  enter(place: string): void {
    [this.#place, this.#resources, this.#running, this.#round] = [place, 0, 0, ""];
  }

  say(text: string): void {
    const seconds = this.seconds.toFixed(1).padStart(6);
    this.#clear();
    this.#screen.write(`${seconds}  ${this.#place.padEnd(6)} ${text}\n`);
    this.#status();
  }

  show(event: RehearsalEvent): void {
    if (event.type === "said") this.say(event.text);
    else if ("thing" in event) {
      this.#resources = event.count;
      if (this.#screen.isTTY) this.say(`${event.type === "made" ? "+" : "-"} ${event.thing}`);
    } else if (event.type === "round") {
      this.#round = `${event.job} round ${event.round} of ${event.rounds}`;
      if (this.#screen.isTTY) this.#redraw();
      else this.say(this.#round);
    } else {
      this.#running = event.running;
      const why = event.type === "killed" ? `: ${event.reason}` : "";
      this.say(`${event.name} ${event.type}${why} (${event.running} running)`);
    }
  }

  /** Takes the changing line away. */
  end(): void {
    this.#clear();
  }

  #redraw(): void {
    this.#clear();
    this.#status();
  }

  #clear(): void {
    if (this.#screen.isTTY) this.#screen.write("\r\u001b[K");
  }

  #status(): void {
    if (!this.#screen.isTTY) return;
    const parts = [`${this.#resources} resources`, `${this.#running} functions running`, this.#round];
    const line = `        ${this.#place.padEnd(6)} ${parts.filter(Boolean).join(" · ")}`;
    const fitting = line.slice(0, (this.#screen.columns ?? 80) - 1);
    this.#screen.write(styleText("dim", fitting));
  }
}
