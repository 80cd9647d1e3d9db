import { existsSync } from "node:fs";
import path from "node:path";
import type { ImageBuild } from "../components/pipeline.ts";

/** Relative to this folder, where Pulumi runs: whoever has the repository in another place sees no difference. */
const build: ImageBuild = { context: "../.trivet/image", dockerfile: "../worker-runtime/image/Dockerfile" };

/** The image that is configured, else how to build it, or why that cannot be. */
export function workerImage(configured: string | undefined) {
  if (configured !== undefined) return { args: {}, problem: undefined };
  const isMade = existsSync(path.join(import.meta.dirname, "../.trivet/image/worker"));
  const problem = "is not set, and the files to build an image from, .trivet/image, are not there yet";
  return { args: { build }, problem: isMade ? undefined : problem };
}
