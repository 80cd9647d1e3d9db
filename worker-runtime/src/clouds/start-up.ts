/** A moment of a cold start: our code runs; a message is here; SDK and protocol are loaded; TensorFlow is; a step is done. */
export type Moment = "code" | "accepted" | "opened" | "tensorFlow" | "firstStep" | "handled";

/** When a process got how far, in milliseconds since it started. Each moment is told once, in the log line that follows. */
export class StartUp {
  readonly #known = new Set<Moment>();
  #untold: Partial<Record<Moment, number>> = {};

  reached(moment: Moment): void {
    if (this.#known.has(moment)) return;
    this.#known.add(moment);
    this.#untold[moment] = Math.round(performance.now());
  }

  /** What nobody has been told yet. */
  take(): Readonly<Partial<Record<Moment, number>>> {
    const untold = this.#untold;
    this.#untold = {};
    return untold;
  }
}
