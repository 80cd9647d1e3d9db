import { writeFileSync } from "node:fs";
import path from "node:path";
import { createDataset } from "../../worker-runtime/src/data/create-dataset.ts";
import { type JobDocument, jobSchema } from "../../worker-runtime/src/job/document.ts";
import { makePlan } from "../../worker-runtime/src/job/make-plan.ts";
import type { Plan } from "../../worker-runtime/src/job/plan.ts";
import { openEncoder, openModel } from "../../worker-runtime/src/models/index.ts";
import type { ObjectStore } from "../../worker-runtime/src/ports/object-store.ts";

/** `count` labelled texts as CSV; "good" and "bad" can be told by a word. */
export function reviews(from: number, count: number): string {
  const rows = Array.from({ length: count }, (_, i) =>
    i % 2 ? `"fine text ${from + i}",good` : `"dull text ${i}",bad`,
  );
  return `text,label\n${rows.join("\n")}\n`;
}

/** Makes a dataset of 40 reviews and a plan of one round, as `trivet submit` does. `folder` takes the file. */
export async function smallJob(
  store: ObjectStore,
  folder: string,
  changes: object = {},
): Promise<{ document: JobDocument; plan: Plan }> {
  writeFileSync(path.join(folder, "train.csv"), reviews(0, 40));
  const document = jobSchema.parse({
    ...{ name: "sentiment", model: { kind: "text-classification", buckets: 64 } },
    ...{ rounds: { count: 1, localSteps: 8 }, training: { batchSize: 8, learningRate: 1 }, workers: 1 },
    data: { train: "train.csv", heldOut: { fraction: 0.2 } },
    ...changes,
  });
  const data = { ...document.data, heldOut: { fraction: 0.2 }, format: "auto" } as const;
  const encoder = await openEncoder(document, folder);
  const dataset = await createDataset({ data, folder, encoder, seed: 1, store });
  const { model } = await openModel(document, dataset.manifest.encoding);
  return { document, plan: makePlan(document, dataset, model) };
}
