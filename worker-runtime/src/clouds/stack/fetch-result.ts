import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { constants, mkdir, open, readdir, readFile, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../../errors.ts";
import { sha256 } from "../../hash.ts";
import type { RunEvent } from "../../job/events.ts";
import type { ObjectInfo, ObjectStore } from "../../ports/object-store.ts";
import type { ResultManifest } from "../../protocol/finish.ts";
import { readNewestResult } from "../../protocol/run-record.ts";
import { checkResultFiles, parseResultManifest, readResultManifest } from "../../result/read-result.ts";
import { everySecond } from "../every-second.ts";
import { systemClock } from "../local/clock.ts";
import { explained } from "../local/explained.ts";
import { readOutcome } from "../read-outcome.ts";

/** Read and written at once. */
const pieceBytes = 8 * 2 ** 20;

export interface FetchOptions {
  /** The option that chooses the folder, for errors. @default "--to" */
  readonly folderOption?: string;
  /** Ends the fetching, by throwing its reason; a later call goes on. */
  readonly signal: AbortSignal;
  readonly onEvent: (event: RunEvent) => void;
}

/**
 * Brings a job's result into `folder`: first under another name, `<folder>.unfinished`, which is renamed when every file
 * has the hash that the manifest says. So `folder` is never there in part. What an earlier call left is not read again.
 * Throws `UserError` for a job without a result, for files that are damaged in the store, and where `folder` is something else.
 */
export async function fetchResult(
  store: ObjectStore,
  job: string,
  folder: string,
  options: FetchOptions,
): Promise<ResultManifest> {
  const newest = await readNewestResult(store, job);
  if (!newest) throw await noResult(store, job);
  const { bytes: stored, keyOf } = newest;
  const manifest = parseResultManifest(Buffer.from(stored).toString(), keyOf("manifest.json"));
  const { folderOption = "--to" } = options;
  if (await isThere(folder, stored, folderOption)) return manifest;
  return explained(folder, () => fetchWhole(store, keyOf, manifest, stored, folder, options), folderOption).catch(
    async (error) => {
      // Another one that fetches the same result may have been faster, and has renamed what both wrote to.
      if (await isThere(folder, stored, folderOption)) return manifest;
      throw error;
    },
  );
}

/** A result in a store, whose files are read one by one and checked against its manifest. Throws `UserError` as `fetchResult` does. */
export async function openStoredResult(store: ObjectStore, job: string) {
  const newest = await readNewestResult(store, job);
  if (!newest) throw await noResult(store, job);
  const { bytes: stored, keyOf } = newest;
  const manifest = parseResultManifest(Buffer.from(stored).toString(), keyOf("manifest.json"));
  const read = async (name: string): Promise<Uint8Array> => {
    const bytes = await store.get(keyOf(name));
    if (!bytes)
      throw new UserError(`The result of ${job} lacks its file ${name}: somebody removed it from the store.`, 1);
    if (sha256(bytes) !== manifest.files[name]) throw damaged(keyOf(name));
    return bytes;
  };
  return { manifest, read };
}

async function fetchWhole(
  store: ObjectStore,
  keyOf: (file: string) => string,
  manifest: ResultManifest,
  storedManifest: Uint8Array,
  folder: string,
  options: FetchOptions,
): Promise<ResultManifest> {
  const unfinished = `${folder}.unfinished`;
  await mkdir(unfinished, { recursive: true });
  await fetchFiles(store, keyOf, manifest, unfinished, options);
  // By a rename too: nobody sees a part of it, whoever else fetches the same.
  const temporary = `${unfinished}-${randomUUID()}`;
  try {
    await writeFile(temporary, storedManifest);
    await rename(temporary, join(unfinished, "manifest.json"));
  } finally {
    await rm(temporary, { force: true });
  }
  await rename(unfinished, folder);
  return manifest;
}

/** Whether `folder` is this very result; an empty one is removed. */
async function isThere(folder: string, manifest: Uint8Array, folderOption: string): Promise<boolean> {
  if (!existsSync(folder)) return false;
  const elsewhere = `Remove it, or choose another folder with ${folderOption}.`;
  const names = await readdir(folder).catch(() => undefined);
  if (names?.length === 0) {
    await rmdir(folder);
    return false;
  }
  const own = await readFile(join(folder, "manifest.json")).catch(() => undefined);
  if (!own || sha256(own) !== sha256(manifest))
    throw new UserError(`${folder} is there already, and is not this result. ${elsewhere}`);
  const problems = await checkResultFiles(folder, await readResultManifest(folder));
  if (problems.length > 0) throw new UserError(`${folder} is there already. ${problems.join(" ")} ${elsewhere}`);
  return true;
}

async function fetchFiles(
  store: ObjectStore,
  keyOf: (file: string) => string,
  { job, files }: ResultManifest,
  folder: string,
  { signal, onEvent }: FetchOptions,
): Promise<void> {
  const stored = new Map((await store.list(keyOf(""))).map((info) => [info.key, info]));
  const wanted = Object.entries(files).map(([name, hash]) => {
    const info = stored.get(keyOf(name));
    if (!info)
      throw new UserError(`The result of ${job} lacks its file ${name}: somebody removed it from the store.`, 1);
    return { info, hash, file: join(folder, name) };
  });
  const total = wanted.reduce((sum, { info }) => sum + info.sizeBytes, 0);
  const tell = everySecond(systemClock, onEvent);
  let before = 0;
  for (const { info, hash, file } of wanted) {
    await fetchFile(store, info, file, hash, (fileBytes) => {
      signal.throwIfAborted();
      tell({ type: "progress", stage: "fetching", done: before + fileBytes, total });
    });
    before += info.sizeBytes;
  }
}

/** A file that does not come to its hash is fetched once more from its beginning: an earlier call may have left other bytes. */
async function fetchFile(
  store: ObjectStore,
  info: ObjectInfo,
  file: string,
  hash: string,
  onPiece: (fileBytes: number) => void,
): Promise<void> {
  for (let attempt = 1; attempt <= 2; attempt++) {
    await fetchRest(store, info, file, onPiece);
    if (sha256(await readFile(file)) === hash) return;
    await rm(file);
  }
  throw damaged(info.key);
}

function damaged(key: string): UserError {
  return new UserError(`${key} is damaged in the store: its hash is not the one that training wrote down.`, 1);
}

/** Adds to a file what it lacks, piece by piece. Others who do the same put the same bytes in the same places. */
async function fetchRest(
  store: ObjectStore,
  { key, sizeBytes }: ObjectInfo,
  path: string,
  onPiece: (fileBytes: number) => void,
): Promise<void> {
  const file = await open(path, constants.O_WRONLY | constants.O_CREAT);
  try {
    for (let offsetBytes = (await file.stat()).size; offsetBytes < sizeBytes; offsetBytes += pieceBytes) {
      onPiece(offsetBytes);
      const lengthBytes = Math.min(pieceBytes, sizeBytes - offsetBytes);
      const bytes = await store.get(key, { offsetBytes, lengthBytes });
      if (!bytes) throw new UserError(`${key} is gone: somebody removed it from the store just now.`, 1);
      await file.write(bytes, 0, bytes.length, offsetBytes);
    }
  } finally {
    await file.close();
  }
}

async function noResult(store: ObjectStore, job: string): Promise<UserError> {
  const { state, reason, nextRound } = await readOutcome(store, job);
  if (state === "failed") return new UserError(`${job} failed, so it has no result: ${reason}`, 1);
  return new UserError(
    `${job} has no result yet: ${nextRound} of its rounds are complete. \`trivet watch\` waits until it has one.`,
    3,
  );
}
