// `npm run rehearse -- aws|gcp|azure|all [case study ...]`: the shipped stack of a cloud, deployed by the real Pulumi into
// emulators, trains the case studies in the worker's image, and is removed. TRIVET_WRITE_DOCS=1 writes docs/rehearsal.md.
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import type { Context } from "mocha";
import type { FinishedEvent } from "../../worker-runtime/src/job/events.ts";
import { runTrivet } from "../cli/run-trivet.ts";
import { root } from "../components/languages.ts";
import { cloudPackages, pulumiEnvironment } from "../engine/pulumi.ts";
import type { Command } from "../entrypoints/function-hosts.ts";
import { clouds } from "./clouds.ts";
import { renderPage } from "./page.ts";
import { type Rehearsal, rehearse } from "./rehearse.ts";

type CloudName = keyof typeof clouds;
const names = Object.keys(clouds) as CloudName[];
const studies = ["sentiment", "vision", "recommender"];
const run = promisify(execFile);

// Parts that are missing are errors here, with what to do about them.
process.env.TRIVET_REQUIRE_ALL = "1";
// The emulator of AWS does not look at them, but its SDK wants some.
Object.assign(process.env, { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" });
const context = { timeout: () => {} } as unknown as Context;

const [which = "", ...wanted] = process.argv.slice(2);
const chosen = which === "all" ? names : names.filter((name) => name === which);
const unknown = wanted.filter((study) => !studies.includes(study));
if (chosen.length === 0 || unknown.length > 0) {
  console.error(`Say which cloud: npm run rehearse -- ${names.join("|")}|all [${studies.join("] [")}]`);
  process.exit(2);
}
const jobs = wanted.length > 0 ? wanted : studies;

const startedAtMs = Date.now();
const seconds = () => ((Date.now() - startedAtMs) / 1000).toFixed(1).padStart(6);
const say = (place: string, line: string) => console.log(`${seconds()}  ${place.padEnd(6)} ${line}`);
const folder = mkdtempSync(path.join(tmpdir(), "trivet-rehearsal-"));

try {
  const command = await imageCommand();
  const local = await trainHere();
  const rehearsals: Partial<Record<CloudName, Rehearsal>> = {};
  for (const cloud of chosen) {
    for (const tool of clouds[cloud].needs) await tool.command();
    rehearsals[cloud] = await rehearse(cloud, clouds[cloud], {
      ...{ folder: path.join(folder, cloud), command, tell: (line) => say(cloud, line) },
      jobs: jobs.map(jobFile),
      pulumiEnvironment: (port) => pulumiEnvironment(context, "nodejs", cloudPackages(port)),
    });
  }
  const page = renderPage(local, rehearsals, Number(seconds()));
  console.log(`\n${page.slice(page.indexOf("## "))}`);
  if (process.env.TRIVET_WRITE_DOCS === "1") writeFileSync(path.join(root, "docs/rehearsal.md"), page);
  const failed = Object.values(rehearsals).some(
    ({ jobs, left, secondUp, calls }) =>
      left.length > 0 ||
      secondUp.join() !== "same" ||
      (calls?.refused.length ?? 0) > 0 ||
      jobs.some(({ hash }, i) => hash !== local[i]!.hash),
  );
  process.exitCode = failed ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function jobFile(study: string): string {
  return path.join(root, "examples", study, "job.yaml");
}

/** The worker as the image has it, made anew. */
async function imageCommand(): Promise<Command> {
  say("image", "npm run image");
  const image = path.join(folder, "image");
  await run(process.execPath, [path.join(root, "tools/image.mjs"), image]);
  return { worker: [path.join(image, "worker/bin/node"), path.join(image, "worker/main.mjs")] };
}

/** What the same jobs come to on this machine. */
async function trainHere(): Promise<{ study: string; hash: string; seconds: number }[]> {
  if (jobs.includes("recommender") && !existsSync(path.join(root, "examples/recommender/ratings.csv")))
    await run(process.execPath, [path.join(root, "examples/recommender/generate.ts")]);
  const trained = [];
  for (const study of jobs) {
    const beganAtMs = Date.now();
    const { exitCode, stdout, stderr } = await runTrivet(folder, ["train", jobFile(study), "--json"]);
    if (exitCode !== 0) throw new Error(stderr);
    const { weightsHash } = JSON.parse(stdout.trimEnd().split("\n").at(-1)!) as FinishedEvent;
    say("local", `${study}: sha256 ${weightsHash!.slice(0, 16)}`);
    trained.push({ study, hash: weightsHash!, seconds: Math.round((Date.now() - beganAtMs) / 100) / 10 });
  }
  return trained;
}
