/** The first thing that goes wrong in work for which nobody waits. */
export class FirstError {
  #error: unknown;

  /** Settles when the work does, and keeps its error. */
  keep(work: Promise<void>): Promise<void> {
    return work.catch((error) => {
      this.#error ??= error;
    });
  }

  get isThere(): boolean {
    return this.#error !== undefined;
  }

  throwIfThere(): void {
    if (this.#error !== undefined) throw this.#error;
  }
}
