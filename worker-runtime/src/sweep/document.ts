import * as z from "zod";
import type { JsonSchema } from "../job/schema.ts";

/** `sweep.yaml`: one job file, and what of it is varied. This schema is the only definition, as that of the job is. */

const value = z.union([
  z.number(),
  z.string(),
  z.boolean(),
  z.null(),
  z.array(z.unknown()),
  z.record(z.string(), z.unknown()),
]);

const range = z
  .strictObject({
    from: z.number().describe("The smallest value."),
    to: z.number().describe("The largest value."),
    scale: z
      .enum(["linear", "log"])
      .default("linear")
      .describe("log: as many draws between 0.1 and 1 as between 1 and 10."),
  })
  .describe("Values to draw from. They are whole numbers where the job wants such.");

export const sweepSchema = z.strictObject({
  job: z.string().min(1).default("job.yaml").describe("The job file, relative to this one."),
  method: z
    .enum(["grid", "random", "halving"])
    .default("grid")
    .describe(
      "grid: every combination. random: `runs` draws. halving: `runs` draws, of which the better ones train on after a part of the rounds.",
    ),
  parameters: z
    .record(z.string().min(1), z.union([z.array(value).min(1).max(1000), range]))
    .describe("Fields of the job, such as `training.learningRate`: a list of values, or a range to draw from."),
  runs: z.number().int().min(1).max(1000).optional().describe("random and halving: how many draws."),
  factor: z
    .number()
    .int()
    .min(2)
    .max(10)
    .optional()
    .describe("halving: one in so many trains on, for so many times as many rounds; 3 when left out."),
  seed: z
    .number()
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(1)
    .describe("Of the draws."),
});

/** A sweep with every default filled in. */
export type SweepDocument = z.infer<typeof sweepSchema>;
export type Range = z.infer<typeof range>;

/** As JSON Schema, for what is said about mistakes. */
export const sweepJsonSchema = z.toJSONSchema(sweepSchema, { io: "input", target: "draft-7" }) as JsonSchema;

/** The factor where the file leaves it out. */
export const defaultFactor = 3;
