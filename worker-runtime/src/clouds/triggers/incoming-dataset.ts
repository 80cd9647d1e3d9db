import { mkdir, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type CreatedDataset, createDataset } from "../../data/create-dataset.ts";
import { UserError } from "../../errors.ts";
import type { JobDocument } from "../../job/document.ts";
import { type CustomEncoding, customEncoder } from "../../models/custom/encoder.ts";
import { openEncoder } from "../../models/index.ts";
import { checkKey } from "../../ports/object-key.ts";
import type { ObjectInfo, ObjectStore } from "../../ports/object-store.ts";
import { readDatasetManifest, type StoredJob } from "../../protocol/run-record.ts";

/** A function's disk is small (512 MB on Lambda) or its memory (Cloud Run), and holds the examples beside the files. */
const maximumBytes = 128 * 2 ** 20;
const pieceBytes = 8 * 2 ** 20;

/**
 * Makes a dataset of the objects under `prefix` as the job's `data` says, instead of the files that it names. They pass
 * through a temporary folder; memory stays bounded. Throws `UserError` for what a job cannot be trained on.
 */
export async function makeIncomingDataset(
  store: ObjectStore,
  { document, plan }: StoredJob,
  objects: readonly ObjectInfo[],
  prefix: string,
): Promise<CreatedDataset> {
  checkData(document.data);
  checkObjects(objects, prefix);
  const folder = await mkdtemp(join(tmpdir(), "trivet-incoming-"));
  try {
    const train: string[] = [];
    for (const object of objects) {
      const file = object.key.slice(prefix.length);
      await download(store, object, join(folder, file));
      train.push(file);
    }
    const encoder =
      document.model.kind === "custom"
        ? customEncoder(document.model, document.data, await readNetworkOf(store, plan.datasetHash))
        : await openEncoder(document, folder);
    return await createDataset({ data: { ...document.data, train }, folder, encoder, seed: document.seed, store });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A user's network travels with every dataset: the worker has no other. */
async function readNetworkOf(store: ObjectStore, datasetHash: string) {
  const { encoding } = await readDatasetManifest(store, datasetHash);
  return (encoding as CustomEncoding).network;
}

function checkData({ train, heldOut, format }: JobDocument["data"]): void {
  const elsewhere = "Submit the job with `trivet submit` to train it on other data.";
  if (typeof heldOut !== "object" || !("fraction" in heldOut || "newest" in heldOut))
    throw new UserError(
      "data.heldOut names files on the machine that the job was submitted from, and a worker has none of them. A job that " +
        `trains on incoming files needs \`heldOut: { fraction: 0.1 }\` or \`{ newest: 0.1 }\`. ${elsewhere}`,
    );
  if (format === "images" || format === "idx" || (typeof train === "object" && "images" in train))
    throw new UserError(
      `Incoming files are read as CSV, TSV, JSON, JSON Lines, Parquet or MovieLens; this job reads pictures. ${elsewhere}`,
    );
}

function checkObjects(objects: readonly ObjectInfo[], prefix: string): void {
  for (const { key } of objects) {
    try {
      checkKey(key);
    } catch {
      throw new UserError(
        `The object ${JSON.stringify(key)} has a name that not every store can hold. Use letters, digits, ".", "_" and "-".`,
      );
    }
  }
  const total = objects.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (total > maximumBytes)
    throw new UserError(
      `The objects under ${prefix} have ${Math.ceil(total / 1e6)} MB; a worker reads ${Math.floor(maximumBytes / 1e6)} MB at ` +
        "the most. Remove old ones, or submit the job with `trivet submit`, which reads data of any size.",
    );
}

async function download(store: ObjectStore, { key, sizeBytes }: ObjectInfo, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, "w");
  try {
    for (let offsetBytes = 0; offsetBytes < sizeBytes; offsetBytes += pieceBytes) {
      const lengthBytes = Math.min(pieceBytes, sizeBytes - offsetBytes);
      const bytes = await store.get(key, { offsetBytes, lengthBytes });
      if (!bytes) throw new UserError(`${key} was removed while it was read.`, 3);
      await file.write(bytes);
    }
  } finally {
    await file.close();
  }
}
