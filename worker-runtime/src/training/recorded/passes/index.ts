import type { Rule } from "../graph.ts";
import { addAsBias } from "./biases.ts";
import { broadcastInProduct, broadcastWithoutOnes, scaleBeforeBroadcast } from "./broadcasts.ts";
import { keepDivisions } from "./divisions.ts";
import { dropNoOps } from "./no-ops.ts";
import { poolBeforeRelu, reluGradientBeforePool } from "./pools.ts";

/** Rewrites of a recorded step, one after the other, that make it faster and leave every bit of its result as it is. */
export const passes: readonly Rule[] = [
  dropNoOps,
  broadcastWithoutOnes,
  scaleBeforeBroadcast,
  broadcastInProduct,
  addAsBias,
  poolBeforeRelu,
  reluGradientBeforePool,
  keepDivisions,
];
