import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { readJob } from "../../worker-runtime/src/job/parse.ts";
import { Random } from "../../worker-runtime/src/training/random.ts";

/** Rounds of the small job: enough that kills fall between them, few enough that a run takes about a second. */
export const rounds = 24;
export const workers = 4;

const together = { localSteps: 4, reducers: 2, codec: "int8", outer: { learningRate: 0.9, momentum: 0.5 } };

/** The same with so many rounds that it is not over before somebody stops it. */
export const long = { rounds: { ...together, count: 60 } };

/** Changes to the small job: whole sections, or another file of ratings. */
export type JobChanges = Readonly<Record<string, unknown>>;

/**
 * Writes a job whose round takes some 15 ms (`job.json`) and its data, and gives what `readJob` reads. Two reducers and int8
 * make every kind of task and every random draw take part.
 */
export async function writeSmallJob(folder: string, changes: JobChanges = {}) {
  writeFileSync(join(folder, "ratings.csv"), ratings().join("\n"));
  const job = {
    name: "small",
    model: { kind: "recommendation", factors: 4 },
    data: {
      train: "ratings.csv",
      heldOut: { fraction: 0.1 },
      columns: { user: "user", item: "item", rating: "rating" },
    },
    training: { batchSize: 16, learningRate: 0.1, evaluateEvery: 6 },
    workers,
    rounds: { ...together, count: rounds },
    ...changes,
  };
  writeFileSync(join(folder, "job.json"), JSON.stringify(job, undefined, 2));
  return readJob(join(folder, "job.json"));
}

/** The lines of a CSV file: who gave what how many stars. */
export function ratings(count = 600): string[] {
  const random = new Random(1, "ratings");
  const line = (i: number) => {
    const [user, item] = [random.below(25, 2 * i), random.below(20, 2 * i + 1)];
    return `user${user},item${item},${1 + ((user * item) % 5)}`;
  };
  return ["user,item,rating", ...Array.from({ length: count }, (_, i) => line(i))];
}
