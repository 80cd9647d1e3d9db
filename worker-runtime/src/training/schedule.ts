import type { TrainingSection } from "../job/document.ts";

/**
 * The learning rate of a step. It rises in a straight line over the warm-up, reaching its full height at step
 * `warmupSteps`, and then falls as `kind` says to `finalFraction` of it at the last step.
 * `step`: 0 to `steps` - 1, counted over the whole job.
 */
export function learningRateAt(
  { learningRate, schedule }: Pick<TrainingSection, "learningRate" | "schedule">,
  step: number,
  steps: number,
): number {
  const { kind, warmupSteps, finalFraction } = schedule;
  if (step < warmupSteps) return (learningRate * (step + 1)) / (warmupSteps + 1);
  // 0 right after the warm-up, 1 at the last step.
  const progress = Math.min(1, (step - warmupSteps) / Math.max(1, steps - 1 - warmupSteps));
  return learningRate * (finalFraction + (1 - finalFraction) * left(kind, progress));
}

/** What is left of the part that falls: 1 at the beginning, 0 at the end. */
function left(kind: TrainingSection["schedule"]["kind"], progress: number): number {
  switch (kind) {
    case "constant":
      return 1;
    case "linear":
      return 1 - progress;
    case "cosine":
      return (1 + Math.cos(Math.PI * progress)) / 2;
  }
}
