/** A rung of successive halving: so many runs train on to a part of their rounds. */
export interface Rung {
  /** How many runs are left, this rung's included. */
  readonly runs: number;
  /** Of all rounds, 0 to 1. */
  readonly fraction: number;
}

/**
 * Successive halving (Jamieson and Talwalkar 2016): all runs train for a part of the rounds, one in `factor` of them for
 * `factor` times as many, and so on; the last rung trains to the end.
 */
export function rungsOf(runs: number, factor: number): Rung[] {
  const steps = Math.floor(Math.log(runs) / Math.log(factor) + 1e-9);
  return Array.from({ length: steps + 1 }, (_, rung) => ({
    runs: Math.max(1, Math.floor(runs / factor ** rung)),
    fraction: factor ** (rung - steps),
  }));
}

/**
 * The round after which a run is compared with others: the first measured one at or behind that part of its rounds;
 * undefined where that is the end.
 */
export function roundOfRung({ fraction }: Rung, rounds: number, evaluateEvery: number): number | undefined {
  if (fraction === 1) return undefined;
  const round = evaluateEvery * Math.ceil((rounds * fraction) / evaluateEvery - 1e-9);
  return round < rounds ? round : undefined;
}
