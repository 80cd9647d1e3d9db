import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { root } from "../components/languages.ts";

const folder = path.join(root, ".trivet/image/worker");

/** What a function runs. */
export interface WorkerImage {
  readonly command: readonly string[];
  /** What the image sets by itself. */
  readonly environment: Readonly<Record<string, string>>;
  /** For people. */
  readonly words: string;
}

/**
 * The folder that `npm run image` makes, made anew, and run with the entry point and the environment of the Dockerfile. No
 * container: the worker finds this machine's C library instead of the base image's (test/image builds and runs the image
 * itself, where it can).
 */
export async function makeImage(): Promise<WorkerImage> {
  await promisify(execFile)(process.execPath, [path.join(root, "tools/image.mjs")], { cwd: root });
  if (!existsSync(folder)) throw new Error(`npm run image made no ${folder}`);
  const dockerfile = readFileSync(path.join(root, "worker-runtime/image/Dockerfile"), "utf8");
  const worker = dockerfile.slice(dockerfile.indexOf(" AS worker"));
  const entryPoint = JSON.parse(/^ENTRYPOINT (\[.+\])$/m.exec(worker)![1]!) as string[];
  const environment = [...worker.matchAll(/^ENV (\w+)=(\S+)$/gm)].map(([, name, value]) => [name!, value!]);
  return {
    command: entryPoint.map((part) => part.replace("/opt/trivet", folder)),
    environment: Object.fromEntries(environment),
    words: "from the folder that npm run image makes, without a container",
  };
}
