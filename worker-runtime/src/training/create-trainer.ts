import type { JobDocument, OptimizerSection } from "../job/document.ts";
import type { Backend } from "./backend.ts";
import { EagerTrainer } from "./eager-trainer.ts";
import { RecordedTrainer } from "./recorded-trainer.ts";
import type { TrainedModel, Trainer } from "./trainer.ts";

export interface TrainerOptions {
  readonly optimizer: OptimizerSection;
  /** The gradient is scaled down to this global norm when it is longer. */
  readonly clipNorm?: number;
  /** @default "native" */
  readonly numerics?: JobDocument["numerics"];
}

/** A trainer for the model: call `begin` with weights, then `step` for each batch. */
export function createTrainer(backend: Backend, model: TrainedModel, options: TrainerOptions): Trainer {
  const { native } = backend;
  return native ? new RecordedTrainer(backend, native, model, options) : new EagerTrainer(backend, model, options);
}
