import { markdownTable } from "../support/markdown.ts";
import { clouds } from "./clouds.ts";
import type { Rehearsal } from "./rehearse.ts";

type Rehearsals = Partial<Record<keyof typeof clouds, Rehearsal>>;

/** What a rehearsal found, in Markdown. */
export function renderPage(
  local: readonly { readonly study: string; readonly hash: string; readonly seconds: number }[],
  rehearsals: Rehearsals,
  seconds: number,
): string {
  const found = Object.entries(rehearsals) as [keyof typeof clouds, Rehearsal][];
  const titles = found.map(([cloud]) => clouds[cloud].title);
  const short = (hash: string) => `${hash.slice(0, 16)} ...`;
  const hashes = local.map(({ study, hash }, i) => [
    study,
    short(hash),
    ...found.map(([, { jobs }]) => short(jobs[i]!.hash)),
  ]);
  const times = local.map(({ study, seconds }, i) => [
    study,
    String(seconds),
    ...found.map(([, { jobs }]) => String(jobs[i]!.seconds)),
  ]);
  const steps = ["preview", "up", "second up", "destroy"] as const;
  const stacks = found.map(([cloud, { resources, seconds, secondUp, left, functionsStarted, mostAtOnce }]) => [
    clouds[cloud].title,
    String(resources),
    ...steps.map((step) => String(seconds[step])),
    secondUp.join() === "same" ? "0" : secondUp.join(" "),
    String(left.length),
    String(functionsStarted),
    String(mostAtOnce),
  ]);
  const rights = found.flatMap(([cloud, { calls }]) =>
    calls
      ? [
          [
            clouds[cloud].title,
            String(calls.made),
            String(calls.refused.length),
            calls.used.join(", "),
            calls.unused.join(", ") || "none",
          ],
        ]
      : [],
  );
  return `# The rehearsal

\`npm run rehearse -- all\`: each shipped stack goes through the real Pulumi command and Node host. A provider of ours makes its
stores and queues in emulators, and keeps the rest. The deployed function's environment, time limit, memory and concurrency
are obeyed by a host that starts the worker's image for the messages in the deployed queue, Lambda's inside AWS's own
runtime emulator. Jobs are submitted, watched and fetched with \`trivet ... --stack\`. This page is what one run of it said
(${seconds} s on two cores, the image made anew); it exits with 1 when a hash differs, a second \`up\` changes
something, or \`destroy\` leaves something.

## Hashes of the weights

${markdownTable(["Case study", "This machine", ...titles], hashes)}

## Seconds, from \`trivet submit\` to the result

${markdownTable(["Case study", "This machine", ...titles], times)}

## Stacks

${markdownTable(["Cloud", "Resources", ...steps.map((step) => `${step}, s`), "Changed by the second up", "Left after destroy", "Functions started", "At once"], stacks)}

## Calls of the worker, checked against its role

${markdownTable(["Cloud", "Calls", "Refused", "Actions used", "Granted and not used by these jobs"], rights)}

What is granted and not used here: \`logs:*\` and \`sqs:ReceiveMessage\`, \`DeleteMessage\`, \`GetQueueAttributes\` and
\`ChangeMessageVisibility\` are what Lambda itself does with the function's role, in its log and its event source mapping;
\`s3:AbortMultipartUpload\` ends an upload in parts that failed. On Google Cloud and Azure the worker has predefined roles on
this one bucket and queue, which emulators do not check.
`;
}
