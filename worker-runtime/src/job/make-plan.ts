import type { DatasetManifest } from "../data/types.ts";
import { canonicalJson, sha256 } from "../hash.ts";
import type { Model } from "../models/model.ts";
import type { JobDocument } from "./document.ts";
import type { ParameterSlot, Plan } from "./plan.ts";

/** Up to this size a model is reduced by the worker that sees the round complete: a further task would cost more than it saves. */
const inlineBytes = 4 * 2 ** 20;
/** A larger model is cut into shards of about this size. */
const shardBytes = 8 * 2 ** 20;

/**
 * Decides everything that the document leaves open. A pure function: the same document, dataset and model give the same
 * plan and the same job name, so that submitting a job again finds what is there. `run` > 1 makes it another job.
 */
export function makePlan(
  document: JobDocument,
  dataset: { readonly hash: string; readonly manifest: DatasetManifest },
  model: Pick<Model, "parameters">,
  run = 1,
): Plan {
  const { training, rounds, workers, seed } = document;
  const { localSteps } = rounds;
  const examplesPerRound = workers * localSteps * training.batchSize;
  const planned = Math.ceil(((training.epochs ?? 1) * dataset.manifest.train.examples) / examplesPerRound);
  const parameters = slotsOf(model);
  const weightCount = parameters.reduce((count, { length }) => count + length, 0);
  const reducers = 4 * weightCount <= inlineBytes ? 1 : Math.min(256, Math.ceil((4 * weightCount) / shardBytes));
  return {
    version: 1,
    job: jobName(document, dataset.hash, run),
    datasetHash: dataset.hash,
    seed,
    workers,
    rounds: rounds.count ?? planned,
    localSteps,
    partSteps: Math.min(localSteps, rounds.partSteps ?? Math.ceil(localSteps / 8)),
    batchSize: training.batchSize,
    codec: rounds.codec,
    numerics: document.numerics,
    outerMomentum: rounds.outer.momentum > 0,
    reducers: Math.min(weightCount, rounds.reducers ?? reducers),
    parameters,
    weightCount,
    evaluateEvery: training.evaluateEvery,
    maximumAttempts: 5,
  };
}

/** The job's name in keys and commands: what the document calls it, and a hash of all that makes its result (no budget does). */
export function jobName(document: JobDocument, datasetHash: string, run = 1): string {
  const { $schema: _, budget: __, ...meaning } = document;
  const name = `${document.name}-${sha256(canonicalJson({ document: meaning, datasetHash })).slice(0, 8)}`;
  return run === 1 ? name : `${name}-${run}`;
}

function slotsOf(model: Pick<Model, "parameters">): ParameterSlot[] {
  let offset = 0;
  return model.parameters.map(({ name, shape }) => {
    const length = shape.reduce((product, size) => product * size, 1);
    const slot = { name, shape, offset, length };
    offset += length;
    return slot;
  });
}
