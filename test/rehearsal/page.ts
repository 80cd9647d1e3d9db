import { type Cloud, cloudNames } from "../../components/limits.ts";
import { markdownTable } from "../support/markdown.ts";
import type { playAll } from "./acts.ts";
import { identities } from "./permissions/calls.ts";
import type { JobSeconds, Rehearsed } from "./rehearse.ts";
import type { TrainedStudy } from "./studies.ts";

/** What the rehearsal of one cloud came to. */
export interface CloudReport
  extends Rehearsed<{ readonly trained: readonly TrainedStudy[]; readonly acts: Awaited<ReturnType<typeof playAll>> }> {
  readonly cloud: Cloud;
  readonly seconds: number;
}

const rounded = (seconds: number | undefined) => (seconds === undefined ? "-" : String(Math.round(seconds * 10) / 10));
const short = (hash: string) => `${hash.slice(0, 16)} ...`;

/** What was found, as Markdown tables. */
export function tables(local: readonly TrainedStudy[], reports: readonly CloudReport[]): string {
  const titles = ["Case study", "This machine", ...reports.map(({ cloud }) => cloudNames[cloud])];
  const perStudy = (cell: (study: TrainedStudy) => string) =>
    local.map((here, i) => [here.study, cell(here), ...reports.map(({ played }) => cell(played.trained[i]!))]);
  const stacks = reports.map((report) => [
    cloudNames[report.cloud],
    String(report.resources),
    ...[report.previewSeconds, report.upSeconds, report.secondUpSeconds, report.destroySeconds].map(rounded),
    "0",
    "0",
    rounded(report.seconds),
  ]);
  const functions = reports.map((report) => [
    cloudNames[report.cloud],
    String(report.functionsStarted),
    String(report.mostAtOnce),
    `${Math.round(report.peakMib)} of ${report.memoryMib}`,
    String(identities.flatMap((one) => [...report.permissions[one].made.values()]).reduce((sum, n) => sum + n, 0)),
  ]);
  const starts = reports.flatMap(({ cloud, played: { acts } }) => [
    [cloudNames[cloud], "scaled to zero", ...startCells(acts.cold.seconds)],
    [cloudNames[cloud], "warm", ...startCells(acts.warm.seconds)],
  ]);
  return `## Hashes of the weights

${markdownTable(
  titles,
  perStudy(({ weightsHash }) => short(weightsHash)),
)}

## Seconds, from the submission to the result

${markdownTable(
  titles,
  perStudy(({ seconds }) => rounded(seconds)),
)}

## Stacks

${markdownTable(["Cloud", "Resources", "preview, s", "up, s", "second up, s", "destroy, s", "Changed by the second up", "Left after destroy", "Whole rehearsal, s"], stacks)}

## Functions

${markdownTable(["Cloud", "Started", "At once, of 2", "Most memory, MiB", "Calls, all granted"], functions)}

## Seconds from the submission, of a small job

${markdownTable(["Cloud", "Functions", "First task begun", "First training step", "First update stored", "Result"], starts)}

When a result was there is told by the store, in whole seconds on AWS and Azure: it may seem up to a second early.
`;
}

const startCells = ({ begun, firstStep, firstUpdate, total }: JobSeconds) => [
  ...[begun, firstStep, firstUpdate, total].map((seconds) => (seconds === undefined ? "-" : seconds.toFixed(2))),
];

export function renderPage(local: readonly TrainedStudy[], reports: readonly CloudReport[], seconds: number): string {
  return `# The rehearsal

\`npm run rehearse -- all\`: each shipped stack goes through the real Pulumi command and Node host. A provider of ours makes its
stores and queues in emulators, and keeps the rest. A host of ours then does what the cloud would do with what was deployed: it
takes messages out of the queue, starts and stops functions (no more at once than deployed, none where there is nothing to do),
gives each exactly the deployed environment and the few variables that the platform adds, and ends one that exceeds its
deployed time or memory. Lambda's run inside AWS's own runtime emulator. Jobs are submitted and fetched with
\`trivet ... --stack\`; each call of the workers, of the prediction endpoint and of
whoever submits is checked against its deployed role: [who may do what, and does](permissions.md).

After the case studies each stack trains a small job, from zero and warm; loses its store for a while, so that a task becomes a
dead letter, which \`trivet redrive\` sends again; gets garbage into its queue; has its schedule fire and new data arrive;
predicts; has a long job cancelled; and shows that its budget tells the address that was set. It ends with \`pulumi destroy\`,
after which the state, the buckets and the queues must be empty. Whatever is not as it should be ends the command with 1.

What is shorter than in a cloud: KEDA's looks at the queue and Pub/Sub's pauses before it pushes again, 20 times; and an idle
instance is stopped after 3 s. What there is not: a container (the worker runs from the folder that \`npm run image\` makes), the
pull of the image, a network between.

This page is what one run of it said: ${Math.round(seconds)} s on two cores that others used too, the image made anew.

${tables(local, reports).trimEnd()}

The first training step of a warm function is not told apart in its log. Azure's first task waits for KEDA's next look: up to
30 s in the cloud, up to 1.5 s here.
`;
}
