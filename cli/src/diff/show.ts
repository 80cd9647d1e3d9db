import type { FieldDifference } from "@trivet/worker-runtime/job/differences";
import type { JobDiff, TensorDifference } from "@trivet/worker-runtime/protocol/diff";
import { styled } from "../output.ts";
import { count, counted } from "../progress/format.ts";
import { table } from "../table.ts";

/** Where two jobs part, for people. */
export function showDiff(diff: JobDiff): string {
  const [left, right] = diff.jobs;
  return [
    `${styled("bold", left)} and ${styled("bold", right)}`,
    "",
    verdict(diff),
    ...details(diff).map((line) => `  ${line}`),
    "",
    ...showFields(diff.fields, diff.jobs),
  ].join("\n");
}

function verdict({ same, first, otherParameters, undecided, closedRounds, weightsHashes }: JobDiff): string {
  const shared = Math.min(...closedRounds);
  if (same && shared === 0) return styled("green", "The same bits so far: both have the same first weights.");
  const sameResult = weightsHashes[0] !== undefined && weightsHashes[0] === weightsHashes[1];
  const end = sameResult ? `, and the same result, sha256 ${weightsHashes[0]}` : "";
  if (same) return styled("green", `The same bits in ${counted(shared, "round")}${end}.`);
  if (otherParameters) return styled("red", "Other tensors, so there are no bits to compare.");
  if (undecided !== undefined)
    return styled(
      "red",
      `Not known from round ${undecided} on: its weights have been removed, and the hashes of jobs that are made otherwise tell nothing.`,
    );
  if (!first) return styled("red", "The same bits in every round, but the results are those of other rounds.");
  if (first.round === 0) return styled("red", "Other bits from the start: the first weights differ.");
  const whole = first.tensor
    ? "it started from the same weights, and ended with others"
    : "its weights have other hashes";
  return styled("red", `Other bits from round ${first.round - 1} on: ${whole}.`);
}

function details({ first, otherParameters, closedRounds }: JobDiff): string[] {
  const rounds =
    closedRounds[0] === closedRounds[1] ? [] : [`closed rounds  ${closedRounds.map(count).join(" against ")}`];
  if (otherParameters) return [`first tensor   ${otherParameters.join(" against ")}`, ...rounds];
  if (!first) return rounds;
  return [
    ...(first.tensor ? showTensor(first.tensor) : ["first tensor   not known: the weights have been removed"]),
    ...(first.workers.length > 0 ? [`workers        ${first.workers.join(", ")} came to other updates`] : []),
    ...rounds,
  ];
}

function showTensor({ name, differing, count: size, largestDifference, index, values }: TensorDifference): string[] {
  return [
    `first tensor   ${name}: ${count(differing)} of ${counted(size, "value")}, by ${largestDifference.toPrecision(3)} at the most`,
    `first value    [${index}]: ${values.join(" against ")}`,
  ];
}

function showFields(fields: readonly FieldDifference[], jobs: readonly string[]): string[] {
  if (fields.length === 0) return ["Job and plan are the same but for the name."];
  const text = (value: unknown) => (value === undefined ? "-" : JSON.stringify(value));
  return table([["field", ...jobs], ...fields.map(({ path, values }) => [path, ...values.map(text)])]);
}
