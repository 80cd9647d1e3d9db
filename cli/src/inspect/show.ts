import type { ResultManifest } from "@trivet/worker-runtime/protocol/finish";
import type { Verification } from "@trivet/worker-runtime/protocol/verify";
import type { RoundRecord } from "@trivet/worker-runtime/result/run-record";
import type { Product } from "@trivet/worker-runtime/training/portable/exact";
import { styled } from "../output.ts";
import { count, counted, measure } from "../progress/format.ts";

/** Rounds that are shown; of a longer job the first and the last. */
const shownRounds = 40;

/** What `trivet inspect` tells of a job in a store. */
export interface Inspection extends Verification {
  readonly job: string;
  readonly store: string;
  readonly kind: string;
  readonly trainExamples: number;
  readonly heldOutExamples: number;
  readonly products?: readonly Product[];
}

/** Everything that a job has stored, for people. */
export function showInspection(inspection: Inspection): string {
  const { job, store, kind, plan, rounds, divergences, problems, result } = inspection;
  const examples = `${count(inspection.trainExamples)} training and ${count(inspection.heldOutExamples)} held-out examples`;
  const facts: [name: string, value: string][] = [
    ["store", store || "."],
    ["dataset", `${plan.datasetHash}, ${examples}`],
    ["model", `${kind}, ${counted(plan.weightCount, "weight")} in ${counted(plan.parameters.length, "tensor")}`],
    [
      "rounds",
      `${count(plan.rounds)} of ${counted(plan.localSteps, "local step")} by ${counted(plan.workers, "worker")}`,
    ],
    ["batches", `${counted(plan.batchSize, "example")}, seed ${plan.seed}`],
    ["numerics", plan.numerics],
    ["codec", `${plan.codec}, ${counted(plan.reducers, "reducer")}`],
  ];
  return [
    styled("bold", job),
    ...facts.map(([name, value]) => `  ${name.padEnd(10)}${value}`),
    "",
    ...roundsTable(rounds),
    "",
    result
      ? describeResult(result)
      : `No result yet: ${counted(rounds.length, "round")} closed. \`trivet train\` goes on.`,
    ...(inspection.products ? ["", ...productsTable(inspection.products), ""] : []),
    ...divergences.map(
      ({ key, place, explanation }) =>
        `Divergence: ${place} came to other bits for ${key}; the stored ones were kept.${explanation ? ` ${explanation}` : ""}`,
    ),
    verdict(problems, `The chain of ${counted(rounds.length, "round")} verifies.`),
  ].join("\n");
}

/** A result that stands alone. */
export function showResult(result: ResultManifest, problems: readonly string[]): string {
  return [
    styled("bold", result.job),
    describeResult(result),
    verdict(problems, `All ${counted(Object.keys(result.files).length, "file")} are as they were written.`),
  ].join("\n");
}

function describeResult({ state, reason, round, metrics, weightsHash, files }: ResultManifest): string {
  const measured = Object.entries(metrics).map(([name, value]) => `${name} ${measure(value)}`);
  return [
    `Result: ${state}${reason ? ` (${reason})` : ""}, the weights of round ${round}`,
    ...(measured.length > 0 ? [`  held-out ${measured.join(", ")}`] : []),
    `  weights  sha256 ${weightsHash}`,
    ...Object.entries(files).map(([name, hash]) => `  ${name.padEnd(28)} sha256 ${hash.slice(0, 16)}...`),
  ].join("\n");
}

function verdict(problems: readonly string[], fine: string): string {
  if (problems.length === 0) return `${styled("green", "ok")} ${fine}`;
  const title = `${counted(problems.length, "thing does", "things do")} not verify:`;
  return [styled("red", title), ...problems.map((problem) => `  ${problem}`)].join("\n");
}

/** Each product of a training step: the length K of its sums, and the bits p that its factors keep (docs/numerics.md). */
function productsTable(products: readonly Product[]): string[] {
  const rows = products.map(({ op, factors, length, bits }) => [
    op,
    factors.map((shape) => `[${shape.join(", ")}]`).join(" x "),
    count(length),
    String(bits),
  ]);
  return aligned([["product", "factors", "K", "p"], ...rows]);
}

function roundsTable(rounds: readonly RoundRecord[]): string[] {
  const names = [...new Set(rounds.flatMap(({ metrics }) => Object.keys(metrics ?? {})))];
  const number = (value: number | undefined) => (value === undefined ? "-" : measure(value));
  const body = rounds.map(({ round, manifestHash, trainLoss, metrics }) => [
    String(round),
    number(trainLoss),
    ...names.map((name) => number(metrics?.[name])),
    manifestHash.slice(0, 12),
  ]);
  const left = Math.max(0, body.length - shownRounds);
  const shown = left > 0 ? [...body.slice(0, 5), ...body.slice(5 - shownRounds)] : body;
  const lines = aligned([["round", "training loss", ...names, "manifest"], ...shown]);
  if (left > 0) lines.splice(6, 0, `  ... ${counted(left, "more round")} ...`);
  return lines;
}

/** Columns as wide as their widest cell, numbers to the right. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => `  ${row.map((cell, column) => cell.padStart(widths[column]!)).join("  ")}`);
}
