import type * as tfjs from "@tensorflow/tfjs";
import type { ModelConfig } from "../../job/document.ts";
import type { Random } from "../../training/random.ts";
import type { Feed, Parameter, Tf } from "../model.ts";

export type CustomConfig = ModelConfig<"custom">;

/** What a network is built for. */
export interface DataShape {
  /** The shape of one example's input: [columns], or [height, width, channels] of a picture with values from 0 to 1. */
  readonly inputShape: readonly number[];
  /** The columns of the input in their order; undefined for pictures. */
  readonly inputs?: readonly string[];
  /** The labels in the order of their numbers; undefined when labels are numbers themselves. */
  readonly labels?: readonly string[];
}

/** What a topology and a module have in common. All functions of tensors are pure. */
export interface Network {
  readonly parameters: readonly Parameter[];
  /** Further feeds of a training step on `count` examples: dropout masks. */
  masks(count: number, random: Random): Feed[];
  /** `label`: int32 numbers of classes, or float32 numbers. */
  loss(tf: Tf, weights: tfjs.Tensor[], input: tfjs.Tensor, label: tfjs.Tensor, masks: tfjs.Tensor[]): tfjs.Scalar;
  /** [batch, labels] probabilities, or [batch, 1] numbers. */
  outputs(tf: Tf, weights: tfjs.Tensor[], input: tfjs.Tensor): tfjs.Tensor;
  layers(tf: Tf): tfjs.LayersModel | undefined;
}

/** Whether the labels are classes or numbers. */
export function labelKind({ topology, loss, label }: CustomConfig): "class" | "number" {
  if (topology === undefined) return label;
  return loss === "meanSquaredError" ? "number" : "class";
}
