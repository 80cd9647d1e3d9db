/** Pools, whose windows may overlap: then the gradient of a pool is a sum. */
import { sizeOf } from "../flat.ts";
import {
  type Attribute,
  type Attributes,
  attribute,
  constant,
  DataType,
  type Node,
  type Output,
} from "../recorded/graph.ts";
import type { ExactArithmetic } from "./exact.ts";
import { binary, cast, int32, node, reshape, transpose } from "./nodes.ts";
import { inFloat64 } from "./products.ts";

/** The mean of each window: an exact sum, divided by how many numbers are in the window. */
export function averagePool(exact: ExactArithmetic, { op, inputs, attributes, outputs }: Node): Output[] {
  const pool = inFloat64(op, attributes, outputs[0]!);
  return [exact.sum(windowSize(attributes), inputs[0]!, (values) => pool([values]))];
}

/** Inputs: the data (its shape, for an average), what the pool gave, the gradient; each number is the sum over its windows. */
export function maxPoolGradient(
  exact: ExactArithmetic,
  { op, inputs, attributes, outputs }: Node,
): Output[] | undefined {
  // Windows side by side: each number is in one of them at most.
  if (!overlap(attributes)) return undefined;
  const [x, pooled, gradient] = inputs as [Output, Output, Output];
  const spread = inFloat64(op, attributes, outputs[0]!);
  const [x64, pooled64] = [x, pooled].map((tensor) => cast(tensor, DataType.float64)) as [Output, Output];
  return [exact.sum(windowSize(attributes), gradient, (values) => spread([x64, pooled64, values]))];
}

/**
 * Inputs: the shape of the data, the gradient. A window's gradient is divided by its size, then each number of the data
 * gets the sum over its windows: a convolution of each channel by itself, with ones.
 */
export function averagePoolGradient(exact: ExactArithmetic, { inputs, attributes, outputs }: Node): Output[] {
  const [data] = outputs as [Output];
  const [batch, height, width, channels] = data.shape as [number, number, number, number];
  const gradient = inputs[1]!;
  const [, rows, columns] = gradient.shape as [number, number, number, number];
  const counts = constant(DataType.float32, gradient.shape, windowCounts(attributes, data.shape, gradient.shape));
  const share = transpose(binary("DivNoNan", gradient, counts), [0, 3, 1, 2]);
  const [, sizeOfRows, sizeOfColumns] = integers(attributes, "ksize") as [number, number, number];
  const window = [sizeOfRows, sizeOfColumns, 1, 1];
  const ones = constant(DataType.float64, window, new Float64Array(sizeOf(window)).fill(1));
  const { strides, padding } = attributes as Record<"strides" | "padding", Attribute>;
  const images = [batch * channels, height, width, 1];
  const sum = exact.sum(sizeOf(window), share, (values) =>
    node(
      "Conv2DBackpropInput",
      [int32(...images), ones, reshape(values, [batch * channels, rows, columns, 1])],
      { type: DataType.float64, shape: images },
      { T: attribute.type(DataType.float64), strides, padding },
    ),
  );
  return [transpose(reshape(sum, [batch, channels, height, width]), [0, 2, 3, 1])];
}

/** How many numbers of the data each window of a pool holds; fewer at the edges. All shapes are [batch, ..., channels]. */
function windowCounts(attributes: Attributes, data: readonly number[], pooled: readonly number[]): Float32Array {
  const [sizes, strides] = [integers(attributes, "ksize"), integers(attributes, "strides")];
  const same = attributes.padding?.kind === "string" && attributes.padding.value === "SAME";
  const along = pooled.map((length, axis) => {
    const padding = same ? Math.max(0, (length - 1) * strides[axis]! + sizes[axis]! - data[axis]!) : 0;
    return Array.from({ length }, (_, place) => {
      const start = place * strides[axis]! - Math.floor(padding / 2);
      return Math.min(start + sizes[axis]!, data[axis]!) - Math.max(start, 0);
    });
  });
  return Float32Array.from({ length: sizeOf(pooled) }, (_, i) => {
    let [count, rest] = [1, i];
    for (let axis = pooled.length - 1; axis >= 0; axis--) {
      count *= along[axis]![rest % pooled[axis]!]!;
      rest = Math.floor(rest / pooled[axis]!);
    }
    return count;
  });
}

function windowSize(attributes: Attributes): number {
  return sizeOf(integers(attributes, "ksize"));
}

function overlap(attributes: Attributes): boolean {
  const strides = integers(attributes, "strides");
  return integers(attributes, "ksize").some((size, axis) => size > strides[axis]!);
}

function integers(attributes: Attributes, name: string): readonly number[] {
  const value = attributes[name];
  return value?.kind === "ints" ? value.value : [];
}
