import type { Column, Encoder, Row } from "../../data/types.ts";
import { BadRow } from "../../errors.ts";
import type { ModelConfig } from "../../job/document.ts";
import { columnOf } from "../columns.ts";
import { Labels } from "../labels.ts";
import type { DataColumns } from "../model.ts";
import { textFeatures } from "./features.ts";
import { FeatureStatistics, weighFeatures } from "./weights.ts";

type Config = ModelConfig<"text-classification">;

/** What prediction needs to know: the labels, and each bucket's weight as base64 of little-endian f32. */
export interface TextEncoding {
  readonly labels: readonly string[];
  readonly weights: string;
}

/** Learns labels and weights of features from the rows that train. */
export function textEncoder(config: Config, data: DataColumns): Encoder {
  const encodeText = textReader(config, data);
  const labelColumn = columnOf(data, "label");
  const labels = new Labels(labelColumn.title);
  const statistics = new FeatureStatistics(config.buckets);
  let names: readonly string[] = [];
  let weights: Float32Array = new Float32Array();
  return {
    observe(row, split) {
      const features = encodeText.features(row);
      const label = labelColumn.read(row);
      if (split === "train") statistics.observe(labels.observe(label), features.keys());
    },
    finish() {
      names = labels.finish();
      weights = statistics.weights();
      return { train: columns(config), heldOut: columns(config) };
    },
    encode: (row) => ({ ...encodeText.encode(row, weights), label: [labels.numberOf(labelColumn.read(row))] }),
    describe: (): TextEncoding => ({ labels: names, weights: Buffer.from(weights.buffer).toString("base64") }),
  };
}

/** Repeats what `encoding` holds, for texts whose label is not known. */
export function restoredTextEncoder(config: Config, data: DataColumns, encoding: TextEncoding): Encoder {
  const encodeText = textReader(config, data);
  const weights = decodeWeights(encoding);
  return {
    observe() {},
    finish: () => ({ train: columns(config), heldOut: columns(config) }),
    encode: (row) => ({ ...encodeText.encode(row, weights), label: [0] }),
    describe: () => encoding,
  };
}

/** Less than the length of a text's other weights, 1, or the bias would swing at learning rates that they need. */
const constantWeight = 0.3;

function columns({ featuresPerText }: Config): Column[] {
  return [
    { name: "features", type: "int32", shape: [featuresPerText] },
    { name: "weights", type: "float32", shape: [featuresPerText] },
    { name: "label", type: "int32", shape: [] },
  ];
}

function decodeWeights({ weights }: TextEncoding): Float32Array {
  const bytes = Buffer.from(weights, "base64");
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i));
}

function textReader(config: Config, data: DataColumns) {
  const column = columnOf(data, "text");
  const features = (row: Row) => {
    const text = column.read(row);
    if (typeof text === "string") return textFeatures(text, config);
    throw new BadRow(`${column.title} must be text, and it is ${JSON.stringify(text)}`);
  };
  /**
   * A list of features and their weights. The first is feature 0, which every text has: its embedding is the bias. A
   * shorter list is filled up with feature 0 and weight 0, which adds nothing.
   */
  const encode = (row: Row, weights: Float32Array) => {
    const { buckets, values } = weighFeatures(features(row), weights, config.featuresPerText - 1);
    const filled = {
      features: new Int32Array(config.featuresPerText),
      weights: new Float32Array(config.featuresPerText),
    };
    filled.weights[0] = constantWeight;
    filled.features.set(buckets, 1);
    filled.weights.set(values, 1);
    return filled;
  };
  return { features, encode };
}
