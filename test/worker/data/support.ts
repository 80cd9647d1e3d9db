import { expect } from "chai";
import type { ReadRow, RowBatches } from "../../../worker-runtime/src/data/readers/reader.ts";
import type { Column, Encoder, Row } from "../../../worker-runtime/src/data/types.ts";
import { BadRow, UserError } from "../../../worker-runtime/src/errors.ts";
import type { DataSection } from "../../../worker-runtime/src/job/document.ts";

export async function allRows(batches: RowBatches): Promise<ReadRow[]> {
  const rows: ReadRow[] = [];
  for await (const batch of batches) rows.push(...batch);
  return rows;
}

/** The bytes in pieces of the given sizes, over and over; whole when there are none. */
export async function* inPieces(bytes: Uint8Array | string, sizes: readonly number[] = []): AsyncGenerator<Uint8Array> {
  const all = Buffer.from(bytes);
  for (let start = 0, i = 0; start < all.length; i++) {
    const end = sizes.length > 0 ? start + sizes[i % sizes.length]! : all.length;
    yield all.subarray(start, end);
    start = end;
  }
}

/** The message of the error for the user that `reading` ends with. */
export async function refusal(reading: Promise<unknown>): Promise<string> {
  const error = await reading.then(
    () => undefined,
    (error) => error,
  );
  expect(error).to.be.instanceOf(UserError);
  return error.message;
}

export function dataSection(section: Partial<DataSection> & Pick<DataSection, "train">): DataSection {
  return {
    heldOut: { fraction: 0.1 },
    format: "auto",
    columns: {},
    header: true,
    onBadRow: "fail",
    badRowLimit: 100,
    ...section,
  };
}

/** Stores columns `x` (a float) and `id` (a whole number) of a row, each as it is written. */
export class NumberEncoder implements Encoder {
  readonly observed: Row[] = [];
  readonly columns: readonly Column[] = [
    { name: "x", type: "float32", shape: [] },
    { name: "id", type: "int32", shape: [] },
  ];

  observe(row: Row): void {
    this.observed.push(row);
    if (row.values.id === "bad") throw new BadRow('"bad" is no id');
  }

  finish() {
    return { train: this.columns, heldOut: this.columns };
  }

  encode({ values }: Row) {
    return { x: [Number(values.x)], id: [Number(values.id)] };
  }

  describe() {
    return { rows: this.observed.length };
  }
}
