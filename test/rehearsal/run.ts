// `npm run rehearse -- aws|gcp|azure|all [case study ...]`: the shipped stack of a cloud, deployed by the real Pulumi into
// emulators, trains the case studies in the worker's image, goes through everything else that a stack does, and is removed.
// TRIVET_WRITE_DOCS=1 writes docs/rehearsal.md.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { clouds } from "../../components/limits.ts";
import { root } from "../components/languages.ts";
import { makeSmallJob, playAll, settingsOfActs } from "./acts.ts";
import { rehearsedClouds } from "./clouds/index.ts";
import { makeImage } from "./image.ts";
import { LiveView } from "./live-view.ts";
import { type CloudReport, renderPage, tables } from "./page.ts";
import { rehearse } from "./rehearse.ts";
import { caseStudies, studyInCloud, type TrainedStudy, trainHere } from "./studies.ts";

const [which = "", ...wanted] = process.argv.slice(2);
const chosen = which === "all" ? clouds : clouds.filter((cloud) => cloud === which);
const unknown = wanted.filter((study) => !caseStudies.includes(study));
if (chosen.length === 0 || unknown.length > 0) {
  console.error(`Say which cloud: npm run rehearse -- ${clouds.join("|")}|all [${caseStudies.join("] [")}]`);
  process.exit(2);
}
const studies = wanted.length > 0 ? wanted : caseStudies;

const view = new LiveView();
const folder = mkdtempSync(path.join(tmpdir(), "trivet-rehearsal-"));
try {
  view.enter("image");
  const image = await makeImage();
  view.say(`the worker runs ${image.words}`);

  view.enter("local");
  const local: TrainedStudy[] = [];
  for (const study of studies) {
    local.push(await trainHere(study, folder));
    view.say(`${study}: sha256 ${local.at(-1)!.weightsHash.slice(0, 16)}`);
  }
  const smallJob = await makeSmallJob(folder);

  const reports: CloudReport[] = [];
  for (const cloud of chosen) {
    view.enter(cloud);
    const startedAtMs = performance.now();
    for (const tool of rehearsedClouds[cloud].needs) await tool.command();
    const report = await rehearse(
      rehearsedClouds[cloud],
      image,
      settingsOfActs[cloud],
      async (rehearsal) => {
        const trained: TrainedStudy[] = [];
        for (const study of local) trained.push(await studyInCloud(rehearsal, study, folder));
        return { trained, acts: await playAll(rehearsal, smallJob) };
      },
      (event) => view.show(event),
    );
    reports.push({ cloud, ...report, seconds: (performance.now() - startedAtMs) / 1000 });
  }
  view.end();
  console.log(`\n${tables(local, reports)}`);
  if (process.env.TRIVET_WRITE_DOCS === "1")
    writeFileSync(path.join(root, "docs/rehearsal.md"), renderPage(local, reports, view.seconds));
} catch (error) {
  view.end();
  console.error(`The rehearsal failed: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
