import type { DataSection } from "../job/document.ts";
import { Random } from "../training/random.ts";
import type { SplitName } from "./dataset.ts";
import { isBroken, type ReadRow } from "./readers/reader.ts";
import type { Source } from "./source.ts";

/** Which split the record with this number (from 0, in the order of the source) belongs to. */
export type SplitOf = (record: number) => SplitName;

/** Each record for itself, by the seed: adding rows at the end leaves the others where they are. */
export function splitByFraction(fraction: number, seed: number): SplitOf {
  const random = new Random(seed).derive("split");
  return (record) => (random.uniform(record) < fraction ? "heldOut" : "train");
}

/**
 * Holds out the newest records by the `time` column (`time` when `data.columns` does not name it): a number, or a date as
 * ISO 8601 (UTC without a zone). Of equal times the later record is newer. Reads the source once and keeps 8 bytes a record meanwhile.
 * `reject` is told of records without a time; they belong to neither split.
 */
export async function splitByTime(
  source: Source,
  newest: number,
  columns: DataSection["columns"],
  reject: (record: number, row: ReadRow, problem: string) => void,
): Promise<SplitOf> {
  const column = columns.time ?? "time";
  const times = new GrowingList();
  for await (const batch of source.rows()) {
    for (const row of batch) {
      const time = isBroken(row) ? Number.NaN : timeOf(row.values[column]);
      if (isBroken(row)) reject(times.length, row, row.problem);
      else if (Number.isNaN(time)) reject(times.length, row, noTime(column, row.values[column]));
      times.push(time);
    }
  }
  const isHeldOut = newestOf(times.values(), newest);
  return (record) => (isHeldOut[record] === 1 ? "heldOut" : "train");
}

/** Marks with 1 the share `newest` of those that are not NaN. */
function newestOf(times: Float64Array, newest: number): Uint8Array {
  const sorted = times.filter((time) => !Number.isNaN(time)).sort();
  const count = Math.round(newest * sorted.length);
  const marks = new Uint8Array(times.length);
  if (count === 0) return marks;
  const threshold = sorted[sorted.length - count]!;
  const firstAbove = sorted.lastIndexOf(threshold) + 1;
  let equalOnes = count - (sorted.length - firstAbove);
  for (let record = times.length - 1; record >= 0; record--) {
    if (times[record]! > threshold || (times[record] === threshold && equalOnes-- > 0)) marks[record] = 1;
  }
  return marks;
}

const isoTime = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:\d\d)?)?$/;

function timeOf(value: unknown): number {
  if (typeof value === "number") return value;
  if (value instanceof Date) return value.getTime();
  if (typeof value !== "string" || value.trim() === "") return Number.NaN;
  const number = Number(value);
  if (!Number.isNaN(number)) return number;
  // Date.parse takes a time without a zone as local, which would split differently on another machine.
  const [, date, clock = "00:00", zone = "Z"] = isoTime.exec(value.trim()) ?? [];
  return date === undefined ? Number.NaN : Date.parse(`${date}T${clock}${zone}`);
}

function noTime(column: string | number, value: unknown): string {
  const found = value === undefined ? "there is none" : `it is ${JSON.stringify(value)}`;
  return `column "${column}" must be a time, a number or an ISO date, and ${found}`;
}

class GrowingList {
  length = 0;
  #values = new Float64Array(1024);

  push(value: number): void {
    if (this.length === this.#values.length) {
      const longer = new Float64Array(2 * this.length);
      longer.set(this.#values);
      this.#values = longer;
    }
    this.#values[this.length++] = value;
  }

  values(): Float64Array {
    return this.#values.subarray(0, this.length);
  }
}
