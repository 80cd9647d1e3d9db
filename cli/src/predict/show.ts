import type { ReadRow } from "@trivet/worker-runtime/data/readers/reader";
import type { Prediction } from "@trivet/worker-runtime/result/predictor";
import { styled } from "../output.ts";
import { measure } from "../progress/format.ts";

/** How an error names a row. A picture is its file. */
export function placeOf({ file, line }: ReadRow): string {
  return file === "standard input" || line > 1 || !/\.(png|jpe?g)$/i.test(file) ? `${file}:${line}` : file;
}

/** A line of JSON: the answer, or `{"error": ...}` in its place, so that the lines stay in step with the rows. */
export function jsonLine(row: ReadRow, prediction: Prediction): string {
  if ("answer" in prediction) return JSON.stringify(prediction.answer);
  return JSON.stringify({ error: `${placeOf(row)}: ${prediction.problem}` });
}

/** For people: the answer, then what was asked. */
export function tableLine(row: ReadRow, prediction: Prediction, columns: number): string {
  if ("problem" in prediction) return styled("red", `${placeOf(row)}: ${prediction.problem}`);
  const { label, probabilities, ...others } = prediction.answer;
  const said = label === undefined ? describe(others) : describeLabel(String(label), probabilities);
  const asked = "values" in row ? describeRow(row) : "";
  const room = columns - 2 - said.length;
  return room < 8 ? said : `${said}  ${styled("dim", asked.length > room ? `${asked.slice(0, room - 3)}...` : asked)}`;
}

function describeLabel(label: string, probabilities: unknown): string {
  const sure = (probabilities as Record<string, number> | undefined)?.[label];
  return sure === undefined ? label : `${label} ${(100 * sure).toFixed(1)} %`.padEnd(20);
}

function describe(answer: Record<string, unknown>): string {
  return Object.entries(answer)
    .map(([name, value]) => `${name} ${typeof value === "number" ? measure(value) : JSON.stringify(value)}`)
    .join("  ");
}

function describeRow(row: Extract<ReadRow, { values: unknown }>): string {
  const values = Object.entries(row.values).filter(([, value]) => typeof value !== "object");
  if (values.length === 0) return placeOf(row);
  const texts = values.map(([, value]) => String(value).replaceAll(/[\p{Cc}\s]+/gu, " "));
  return texts.join(" | ");
}
