import type { Row } from "../data/types.ts";
import { BadRow } from "../errors.ts";
import { nearestName } from "../job/nearest-name.ts";
import type { DataColumns } from "./model.ts";

/** One column of the rows, found by its role. */
export interface RowColumn {
  /** As an error names it: `column "review"`. */
  readonly title: string;
  /** The value, which is neither missing nor empty. Throws `BadRow` that tells what the row has instead. */
  read(row: Row): unknown;
  /** The value, or undefined when the row lacks it. */
  find(row: Row): unknown;
}

/** The column that `data.columns` names for a role, else the one that is called like the role. */
export function columnOf(data: DataColumns, role: string): RowColumn {
  const column = data.columns[role] ?? role;
  const title = `column "${column}"`;
  const find = (row: Row) => (isEmpty(row.values[column]) ? undefined : row.values[column]);
  const read = (row: Row) => {
    const value = find(row);
    if (value !== undefined) return value;
    if (column in row.values) throw new BadRow(`${title} is empty`);
    throw new BadRow(missing(column, role, Object.keys(row.values)));
  };
  return { title, read, find };
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === "";
}

function missing(column: string | number, role: string, names: readonly string[]): string {
  const nearest = nearestName(String(column), names);
  const advice = nearest === undefined ? `the row has ${names.join(", ")}.` : `did you mean "${nearest}"?`;
  return `there is no column "${column}"; ${advice} \`data.columns.${role}\` says which one is the ${role}`;
}

/** The value as a finite number. Throws `BadRow` for anything else. */
export function numberOf(value: unknown, title: string): number {
  const isWritten = typeof value === "string" && value.trim() !== "";
  const number = typeof value === "number" || isWritten || typeof value === "bigint" ? Number(value) : Number.NaN;
  if (Number.isFinite(number)) return number;
  throw new BadRow(`${title} must be a number, and it is ${JSON.stringify(value)}`);
}
