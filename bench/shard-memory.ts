// Memory and speed of making a dataset from a CSV file that is larger than memory should be:
// `node bench/shard-memory.ts [megabytes, default 2000]`. Writes bench/results/shard-memory.json.
import { execFileSync } from "node:child_process";
import { createWriteStream, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { LocalObjectStore } from "../worker-runtime/src/clouds/local/object-store.ts";
import { createDataset } from "../worker-runtime/src/data/create-dataset.ts";
import type { Encoder, Row } from "../worker-runtime/src/data/types.ts";
import { Random } from "../worker-runtime/src/training/random.ts";
import { writeResult } from "./support/results.ts";

const featureNames = Array.from({ length: 16 }, (_, i) => `feature${i}`);

/** About `megabytes` of rows of 16 numbers and a label: 64 MB of them, over and over. */
async function writeCsv(file: string, megabytes: number): Promise<void> {
  const random = new Random(1);
  const rows = Array.from({ length: 400_000 }, (_, row) => {
    const features = featureNames.map((_, i) => random.uniform(16 * row + i).toFixed(7));
    return `${features.join(",")},${row % 10}\n`;
  });
  const block = Buffer.from(rows.join(""));
  const blocks = Math.max(1, Math.round((megabytes * 1e6) / block.length));
  const header = Buffer.from(`${[...featureNames, "label"].join(",")}\n`);
  await pipeline(Readable.from([header, ...new Array(blocks).fill(block)]), createWriteStream(file));
}

const encoder: Encoder = {
  observe: () => {},
  finish: () => {
    const columns = [
      { name: "features", type: "float32" as const, shape: [featureNames.length] },
      { name: "label", type: "int32" as const, shape: [] },
    ];
    return { train: columns, heldOut: columns };
  },
  encode: ({ values }: Row) => ({
    features: featureNames.map((name) => Number(values[name])),
    label: [Number(values.label)],
  }),
  describe: () => ({}),
};

/** Runs in a process of its own, whose peak memory is that of this function and of Node itself. */
async function makeDataset(folder: string): Promise<void> {
  const store = await LocalObjectStore.open(join(folder, "store"));
  const startedAtMs = performance.now();
  const { manifest } = await createDataset({
    data: {
      train: "data.csv",
      heldOut: { fraction: 0.1 },
      format: "auto",
      columns: {},
      header: true,
      onBadRow: "fail",
      badRowLimit: 0,
    },
    folder,
    encoder,
    seed: 1,
    store,
  });
  const seconds = (performance.now() - startedAtMs) / 1000;
  const rows = manifest.train.examples + manifest.heldOut.examples;
  const shards = manifest.train.shards.length + manifest.heldOut.shards.length;
  // Node gives kibibytes.
  const peakRssMegabytes = Math.round((process.resourceUsage().maxRSS * 1024) / 1e6);
  console.log(JSON.stringify({ seconds, rows, shards, peakRssMegabytes }));
}

if (process.argv[2] === "--make") {
  await makeDataset(process.argv[3]!);
} else {
  const folder = mkdtempSync(join(tmpdir(), "trivet-shard-memory-"));
  try {
    await writeCsv(join(folder, "data.csv"), Number(process.argv[2] ?? 2000));
    const megabytes = statSync(join(folder, "data.csv")).size / 1e6;
    const output = execFileSync(process.execPath, [fileURLToPath(import.meta.url), "--make", folder], {
      encoding: "utf8",
    });
    const made: { seconds: number } = JSON.parse(output);
    const result = {
      csvMegabytes: Math.round(megabytes),
      ...made,
      megabytesPerSecond: Math.round((10 * megabytes) / made.seconds) / 10,
    };
    writeResult("shard-memory", result);
    console.log(result);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
