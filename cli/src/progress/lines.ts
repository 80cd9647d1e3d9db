import type { PlanEvent, ProgressEvent, RoundEvent, RunEvent } from "@trivet/worker-runtime/job/events";
import { count, counted, duration, measure } from "./format.ts";

/** Rounds that get a line of their own, at most about so many, so that a long job does not scroll away what matters. */
const roundLines = 40;

/** What an event says to a person, a line each; nothing for a round between those that are shown. */
export function linesOf(event: RunEvent, plan: PlanEvent | undefined): string[] {
  switch (event.type) {
    case "progress":
      return [];
    case "dataset":
      return [describeDataset(event)];
    case "plan":
      return [
        `${event.job}: ${counted(event.rounds, "round")} of ${counted(event.localSteps, "step")} by ${counted(event.workers, "worker")}` +
          `${inProcesses(event)}, batches of ${count(event.batchSize)}, ${counted(event.weightCount, "weight")}, ${event.numerics} numerics`,
      ];
    case "resumed":
      return [`Goes on from round ${event.round}.`];
    case "notice":
      return [event.text];
    case "worker-exit":
      return [`Worker ${event.place} ended (${event.signal ?? `exit code ${event.exitCode}`}) and is started again.`];
    case "round":
      return isShown(event) ? [partsOf(event, plan).join("  ")] : [];
    case "finished":
      return [];
  }
}

function inProcesses({ processes }: PlanEvent): string {
  return processes === undefined ? "" : ` in ${counted(processes, "process", "processes")}`;
}

function describeDataset(event: Extract<RunEvent, { type: "dataset" }>): string {
  const skipped = event.skippedRows > 0 ? `, ${counted(event.skippedRows, "bad row")} left out` : "";
  const examples = `${count(event.trainExamples)} training and ${count(event.heldOutExamples)} held-out examples`;
  return `dataset ${event.hash.slice(0, 8)}: ${examples}${skipped}${event.reused ? ", stored before" : ""}`;
}

function isShown({ round, rounds }: RoundEvent): boolean {
  return round === rounds || round % Math.ceil(rounds / roundLines) === 0;
}

const units = { reading: "rows", encoding: "rows", storing: "shards", uploading: "MB", fetching: "MB" } as const;

/** "encoding 2,000 of 60,000 rows", "uploading 12.3 of 45.0 MB" */
export function progressOf({ stage, done, total }: ProgressEvent): string {
  const unit = units[stage];
  const amount = (value: number) => (unit === "MB" ? (value / 1e6).toFixed(1) : count(value));
  return `${stage} ${amount(done)}${total === undefined ? "" : ` of ${amount(total)}`} ${unit}`;
}

/** The most important first, since a narrow terminal cuts the end. */
export function partsOf(event: RoundEvent, plan: PlanEvent | undefined): string[] {
  const { round, rounds, trainLoss, metrics } = event;
  const primary = plan && metrics?.[plan.primaryMetric];
  return [
    `round ${String(round).padStart(String(rounds).length)}/${rounds}`,
    ...(primary === undefined ? [] : [`${plan!.primaryMetric} ${measure(primary)}`]),
    ...(trainLoss === undefined ? [] : [`training loss ${measure(trainLoss)}`]),
    ...(event.examples > 0 ? [`${count(event.samplesPerSecond)} samples/s`] : []),
    ...(event.etaMs === undefined || round === rounds ? [] : [`${duration(event.etaMs)} left`]),
  ];
}
