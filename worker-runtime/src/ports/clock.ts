/** Time, injected so that the protocol can run on a simulated clock. */
export interface Clock {
  /** Milliseconds since 1970. Used for reports, time limits and stragglers; never for anything that is trained. */
  nowMs(): number;
  sleep(milliseconds: number): Promise<void>;
}
