import { writeFileSync } from "node:fs";
import { join } from "node:path";

const words = { good: ["lovely", "great", "fine", "bright"], bad: ["awful", "dull", "poor", "grim"] };

/** Writes job.yaml and its data into `folder`: small enough for seconds; what it learns is plain. */
export function writeJob(folder: string, rounds: number, rows = 64): void {
  const lines = Array.from({ length: rows }, (_, i) => {
    const label = i % 2 === 0 ? "good" : "bad";
    return `a ${words[label][(i >> 1) % 4]} film ${i},${label}`;
  });
  writeFileSync(join(folder, "reviews.csv"), `text,label\n${lines.join("\n")}\n`);
  writeFileSync(
    join(folder, "job.yaml"),
    `name: reviews
model: { kind: text-classification, buckets: 1024, featuresPerText: 64 }
data: { train: reviews.csv, heldOut: { fraction: 0.25 } }
training: { batchSize: 8, learningRate: 5 }
workers: 2
rounds: { count: ${rounds}, localSteps: 3 }
`,
  );
}
