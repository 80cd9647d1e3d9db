import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decodeSafetensors } from "../../worker-runtime/src/codec/safetensors.ts";
import { readIdx } from "../../worker-runtime/src/data/readers/idx.ts";
import { decodeImage } from "../../worker-runtime/src/data/readers/image.ts";
import { type Format, readFormat } from "../../worker-runtime/src/data/readers/index.ts";
import { isBroken, type RowBatches } from "../../worker-runtime/src/data/readers/reader.ts";
import { UserError } from "../../worker-runtime/src/errors.ts";
import { parseJob } from "../../worker-runtime/src/job/parse.ts";
import { decodeHead, decodeParts, headBytes } from "../../worker-runtime/src/protocol/bundle.ts";
import { decodeMessage, isOfPlan } from "../../worker-runtime/src/protocol/messages.ts";
import { unseal } from "../../worker-runtime/src/protocol/sealed.ts";
import { parseResultManifest } from "../../worker-runtime/src/result/read-result.ts";
import { planOf } from "../worker/protocol/world.ts";

/** Something that reads bytes that may come from anywhere. It may refuse them by a `UserError`, and by nothing else. */
export interface Reader {
  readonly name: string;
  /** Whether mutations should be those of text. */
  readonly isText: boolean;
  /** Whether something may go wrong after it has answered. */
  readonly isAsync?: boolean;
  /** How long it may take with any input of a few kilobytes. @default 2 s */
  readonly longestMs?: number;
  /** `folder`: a scratch folder for readers of files. */
  read(bytes: Buffer, folder: string): void | Promise<void>;
}

const plan = planOf();

export const readers: readonly Reader[] = [
  {
    name: "message",
    isText: true,
    read(bytes) {
      const message = decodeMessage(bytes.toString());
      if (typeof message === "string") return;
      if (/[^a-z0-9-]/.test(message.job)) throw new Error(`the job's name leaves its keys: ${message.job}`);
      isOfPlan(message.task, plan);
    },
  },
  { name: "job", isText: true, read: (bytes) => void parseJob(bytes.toString(), "job.yaml") },
  { name: "manifest", isText: true, read: (bytes) => void unseal("manifest.json", bytes) },
  {
    name: "result",
    isText: true,
    read(bytes) {
      const { files } = parseResultManifest(bytes.toString(), "result/manifest.json");
      for (const name of Object.keys(files))
        if (/[/\\]|^\.\.?$/.test(name)) throw new Error(`a file of the result leaves its folder: ${name}`);
    },
  },
  {
    name: "bundle",
    isText: false,
    read(bytes) {
      decodeHead("update", bytes);
      decodeParts("update", bytes.subarray(headBytes), [44]);
    },
  },
  { name: "safetensors", isText: false, read: (bytes) => void decodeSafetensors(bytes) },
  {
    name: "image",
    isText: false,
    // A few bytes may well be a picture of 64 megapixels.
    longestMs: 20_000,
    read(bytes) {
      // As readers/images.ts: whatever a picture's decoder says becomes the row's problem.
      try {
        decodeImage(bytes);
      } catch (error) {
        if (error instanceof Error) throw new UserError(error.message);
        throw error;
      }
    },
  },
  {
    name: "idx",
    isText: false,
    read(bytes, folder) {
      const [images, labels] = [join(folder, "images"), join(folder, "labels")];
      writeFileSync(images, bytes);
      writeFileSync(labels, Buffer.from([0, 0, 8, 1, 0, 0, 0, 3, 1, 2, 3]));
      return drained(readIdx(images, labels, "images"));
    },
  },
  ...(["parquet", "csv", "tsv", "jsonl", "json", "movielens"] as const).map(ofFormat),
];

function ofFormat(name: Format): Reader {
  return {
    name,
    isText: name !== "parquet",
    isAsync: true,
    read(bytes, folder) {
      const file = join(folder, "data");
      writeFileSync(file, bytes);
      return drained(readFormat(name, file, "data", { header: true, numbered: [0, 7] }));
    },
  };
}

async function drained(batches: RowBatches): Promise<void> {
  for await (const batch of batches)
    for (const row of batch)
      if (!isBroken(row) && (typeof row.values !== "object" || row.values === null))
        throw new Error("a row has no values");
}

/** A folder for what readers of files are given. */
export function scratchFolder(parent: string): string {
  const folder = join(parent, "scratch");
  if (!existsSync(folder)) mkdirSync(folder);
  return folder;
}

export const corpusFolder = new URL("corpus/", import.meta.url);

/** The files of a reader's corpus, by name. */
export function corpusNames(reader: Reader): string[] {
  return readdirSync(new URL(`${reader.name}/`, corpusFolder)).sort();
}
