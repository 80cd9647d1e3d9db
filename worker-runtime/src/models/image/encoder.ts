import type { Column, Encoder, Image, Row } from "../../data/types.ts";
import { BadRow } from "../../errors.ts";
import type { ModelConfig } from "../../job/document.ts";
import { columnOf } from "../columns.ts";
import { Labels } from "../labels.ts";
import type { DataColumns } from "../model.ts";
import { resize } from "./resize.ts";

type Shape = Image["shape"];

export interface ImageEncoding {
  readonly labels: readonly string[];
  readonly shape: Shape;
}

/** Pictures and the numbers of their labels. All pictures have the shape of the first, or are brought to `model.shape`. */
export function imageEncoder(config: ModelConfig<"image-classification">, data: DataColumns): Encoder {
  const labelColumn = columnOf(data, "label");
  const labels = new Labels(labelColumn.title);
  const images = imageReader(data, config.shape);
  let names: readonly string[] = [];
  return {
    observe(row, split) {
      images.observe(row);
      const label = labelColumn.read(row);
      if (split === "train") labels.observe(label);
    },
    finish() {
      names = labels.finish();
      return { train: columns(images.shape), heldOut: columns(images.shape) };
    },
    encode: (row) => ({ image: images.read(row), label: [labels.numberOf(labelColumn.read(row))] }),
    describe: (): ImageEncoding => ({ labels: names, shape: images.shape }),
  };
}

/** For pictures of any size whose label is not known: they are brought to the shape that the model learned on. */
export function restoredImageEncoder(data: DataColumns, encoding: ImageEncoding): Encoder {
  const images = imageReader(data, encoding.shape);
  return {
    observe() {},
    finish: () => ({ train: columns(encoding.shape), heldOut: columns(encoding.shape) }),
    encode: (row) => ({ image: images.read(row), label: [0] }),
    describe: () => encoding,
  };
}

function columns(shape: Shape): Column[] {
  return [
    { name: "image", type: "uint8", shape },
    { name: "label", type: "int32", shape: [] },
  ];
}

/** Reads pixels in one shape: the given one, by resizing, or that of the first picture, which all others must have. */
export function imageReader(data: DataColumns, wanted: Shape | undefined) {
  const column = columnOf(data, "image");
  let first: Shape | undefined;
  const read = (row: Row): Uint8Array => {
    const image = column.read(row);
    if (!isImage(image)) throw new BadRow(`${column.title} must be a picture, and it is ${JSON.stringify(image)}`);
    if (wanted) return resize(image, wanted).pixels;
    first ??= image.shape;
    if (String(image.shape) === String(first)) return image.pixels;
    throw new BadRow(
      `the picture is ${written(image.shape)}, the first one is ${written(first)}; ` +
        "`model.shape: [height, width, channels]` brings all to one shape",
    );
  };
  return {
    observe: (row: Row) => void read(row),
    read,
    get shape(): Shape {
      return wanted ?? first!;
    },
  };
}

export function isImage(value: unknown): value is Image {
  return (value as Partial<Image> | undefined)?.pixels instanceof Uint8Array;
}

function written([height, width, channels]: Shape): string {
  return `${height} x ${width} with ${channels} ${channels === 1 ? "channel" : "channels"}`;
}
