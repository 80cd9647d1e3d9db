import * as pulumi from "@pulumi/pulumi";
import { type Cloud, type LimitedSetting, limits } from "./limits.ts";
import type { TrainingPipelineArgs } from "./pipeline.ts";

/** The numbers of a pipeline, with defaults. */
export type Settings = Readonly<Record<Exclude<LimitedSetting, "monthlyBudgetDollars">, pulumi.Output<number>>>;

/**
 * Makes an output of a user's value. One that is not known yet is not used before all arguments were found to be right; a
 * plain one has been checked already, and must not become unknown in a preview because of another.
 */
export type Gate = <T>(value: pulumi.Input<T>) => pulumi.Output<T>;

export const gateBy =
  (valid: pulumi.Output<boolean>): Gate =>
  (value) =>
    typeof value === "object"
      ? (pulumi.all([pulumi.output(value), valid]).apply(([known]) => known) as never)
      : (pulumi.output(value) as never);

/** What the user said, else that cloud's default. */
export function settingsOf(cloud: Cloud, args: TrainingPipelineArgs, gate: Gate): Settings {
  const entries = Object.entries(limits[cloud])
    .filter(([, limit]) => limit.default !== undefined)
    .map(([setting, limit]) => [setting, gate(args[setting as LimitedSetting] ?? limit.default!)]);
  return Object.fromEntries(entries);
}
