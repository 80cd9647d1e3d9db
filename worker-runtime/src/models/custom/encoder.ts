import type { Column, Encoder, Row } from "../../data/types.ts";
import { BadRow, UserError } from "../../errors.ts";
import { columnOf, numberOf } from "../columns.ts";
import { imageReader, isImage } from "../image/encoder.ts";
import { Labels } from "../labels.ts";
import type { DataColumns } from "../model.ts";
import { type CustomConfig, type DataShape, labelKind } from "./network.ts";
import type { NetworkSource } from "./source.ts";

export interface CustomEncoding extends DataShape {
  readonly network: NetworkSource;
}

/** Pictures, or the columns of numbers as they are: scaling them is the network's business. */
export function customEncoder(config: CustomConfig, data: DataColumns, network: NetworkSource): Encoder {
  const labelColumn = columnOf(data, "label");
  const labels = labelKind(config) === "class" ? new Labels(labelColumn.title) : undefined;
  let input: InputReader | undefined;
  let names: readonly string[] | undefined;
  return {
    observe(row, split) {
      input ??= inputReader(config, data, row);
      input.read(row);
      const label = labelColumn.read(row);
      if (!labels) numberOf(label, labelColumn.title);
      else if (split === "train") labels.observe(label);
    },
    finish() {
      if (!input) throw new UserError("A model needs training examples, but there are none.");
      names = labels?.finish();
      return columns(input.column, labelKind(config));
    },
    encode(row) {
      const label = labelColumn.read(row);
      const number = labels ? labels.numberOf(label) : numberOf(label, labelColumn.title);
      return { input: input!.read(row), label: [number] };
    },
    describe: (): CustomEncoding => ({
      inputShape: input!.column.shape,
      ...(input!.inputs && { inputs: input!.inputs }),
      ...(names && { labels: names }),
      network,
    }),
  };
}

/** For rows whose label is not known. */
export function restoredCustomEncoder(config: CustomConfig, data: DataColumns, encoding: CustomEncoding): Encoder {
  const [height, width, channels] = encoding.inputShape as [number, number, number];
  const input = encoding.inputs ? tableReader(encoding.inputs) : pictureReader(data, [height, width, channels]);
  return {
    observe() {},
    finish: () => columns(input.column, labelKind(config)),
    encode: (row) => ({ input: input.read(row), label: [0] }),
    describe: () => encoding,
  };
}

interface InputReader {
  readonly column: Column;
  readonly inputs?: readonly string[];
  read(row: Row): ArrayLike<number>;
}

/** By the first row: whether it has a picture, or columns. */
function inputReader(config: CustomConfig, data: DataColumns, first: Row): InputReader {
  if (isImage(columnOf(data, "image").find(first))) return pictureReader(data, undefined);
  const names = Object.keys(first.values);
  const roles = [...Object.values(data.columns), "label"];
  if (
    !config.inputs &&
    roles.some((column) => typeof column === "number") &&
    !names.every((name) => /^\d+$/.test(name))
  ) {
    throw new UserError(
      "Columns that `data.columns` gives by number cannot be told from the inputs: name them, or list `model.inputs`.",
    );
  }
  const inputs = config.inputs ?? names.filter((name) => !roles.map(String).includes(name));
  if (inputs.length > 0) return tableReader(inputs);
  throw new BadRow(
    `no column is left to be fed; the row has ${names.join(", ")}, and \`model.inputs\` lists the inputs`,
  );
}

function tableReader(inputs: readonly string[]): InputReader {
  const found = inputs.map((name) => columnOf({ columns: { input: name } }, "input"));
  return {
    column: { name: "input", type: "float32", shape: [inputs.length] },
    inputs,
    read: (row) => found.map((column) => numberOf(column.read(row), column.title)),
  };
}

function pictureReader(data: DataColumns, wanted: [number, number, number] | undefined): InputReader {
  const images = imageReader(data, wanted);
  return {
    get column(): Column {
      return { name: "input", type: "uint8", shape: images.shape };
    },
    read: images.read,
  };
}

function columns(input: Column, label: "class" | "number") {
  const both: Column[] = [input, { name: "label", type: label === "class" ? "int32" : "float32", shape: [] }];
  return { train: both, heldOut: both };
}
