import { type ReadRow, rowOfJson } from "../../data/readers/reader.ts";
import type { Row } from "../../data/types.ts";
import type { JobDocument } from "../../job/document.ts";

/** What stands for the file in a row's place. */
const place = "body";

/**
 * The rows of a request: a JSON list of rows, one row, or JSON Lines. A row is an object or a list of columns; where the model
 * reads texts, a string too; a picture is a string with a PNG or JPEG file as base64.
 */
export async function rowsOf(body: string, document: JobDocument): Promise<ReadRow[]> {
  const values = valuesOf(body);
  return Promise.all(values.map((value, i) => rowOf(value, i + 1, document)));
}

/** A value that could not be parsed. */
class Broken {
  readonly problem: string;
  constructor(problem: string) {
    this.problem = problem;
  }
}

function valuesOf(body: string): unknown[] {
  const whole = parsed(body);
  if (!(whole instanceof Broken)) return Array.isArray(whole) ? whole : [whole];
  const lines = body.split(/\r?\n/).filter((line) => line.trim() !== "");
  return lines.map(parsed);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return new Broken(`not JSON: ${(error as Error).message}`);
  }
}

async function rowOf(value: unknown, line: number, { model, data }: JobDocument): Promise<ReadRow> {
  if (value instanceof Broken) return { file: place, line, problem: value.problem };
  if (typeof value === "string" && model.kind === "text-classification")
    return { values: { [String(data.columns.text ?? "text")]: value }, file: place, line };
  const row = rowOfJson(value, place, line);
  const readsPictures = model.kind === "image-classification" || model.kind === "custom";
  return readsPictures && "values" in row ? withPicture(row, String(data.columns.image ?? "image")) : row;
}

async function withPicture(row: Row, column: string): Promise<ReadRow> {
  const { [column]: written } = row.values;
  if (typeof written !== "string") return row;
  const { decodeImage } = await import("../../data/readers/image.ts");
  try {
    return { ...row, values: { ...row.values, [column]: decodeImage(Buffer.from(written, "base64")) } };
  } catch (error) {
    const { file, line } = row;
    return { file, line, problem: `column "${column}" cannot be read as a picture: ${(error as Error).message}` };
  }
}
