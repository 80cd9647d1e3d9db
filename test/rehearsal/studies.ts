import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import type { FinishedEvent } from "../../worker-runtime/src/job/events.ts";
import { runTrivet } from "../cli/run-trivet.ts";
import { root } from "../components/languages.ts";
import { demand, type Rehearsal, trainInCloud } from "./rehearse.ts";

/** The folders of examples/ that are rehearsed, with their job files as they are. */
export const caseStudies: readonly string[] = ["sentiment", "vision", "recommender"];

export interface TrainedStudy {
  readonly study: string;
  readonly weightsHash: string;
  readonly seconds: number;
}

const fileOf = (study: string) => path.join(root, "examples", study, "job.yaml");

/** What a case study comes to on this machine. `folder`: where data is prepared, for this machine and the clouds. */
export async function trainHere(study: string, folder: string): Promise<TrainedStudy> {
  if (study === "recommender" && !existsSync(path.join(root, "examples/recommender/ratings.csv")))
    await promisify(execFile)(process.execPath, [path.join(root, "examples/recommender/generate.ts")]);
  const startedAtMs = performance.now();
  const weightsHash = await trainedHash(folder, fileOf(study));
  return { study, weightsHash, seconds: (performance.now() - startedAtMs) / 1000 };
}

/** The hash to which a job file comes in a `trivet train` of this machine. */
export async function trainedHash(folder: string, jobFile: string): Promise<string> {
  const { exitCode, stdout, stderr } = await runTrivet(folder, ["train", jobFile, "--json"]);
  if (exitCode !== 0) throw new Error(`trivet train ${jobFile}: ${stderr}`);
  return (JSON.parse(stdout.trimEnd().split("\n").at(-1)!) as FinishedEvent).weightsHash!;
}

/** Trains the same job in the cloud, and brings its result here: verified, and the same weights. */
export async function studyInCloud(rehearsal: Rehearsal, local: TrainedStudy, folder: string): Promise<TrainedStudy> {
  const { stack, tell } = rehearsal;
  const store = ["--store", path.join(folder, ".trivet")];
  const { job, weightsHash, seconds } = await trainInCloud(rehearsal, fileOf(local.study), ...store);
  await stack.trivet("fetch", job, "--stack", stack.name, "--to", `model-${job}`, "--verify");
  demand(
    weightsHash === local.weightsHash,
    `${job} came to ${weightsHash}, and to ${local.weightsHash} on this machine`,
  );
  tell({ type: "said", text: `${local.study}: sha256 ${weightsHash.slice(0, 16)}, as on this machine` });
  return { study: local.study, weightsHash, seconds: seconds.total };
}
