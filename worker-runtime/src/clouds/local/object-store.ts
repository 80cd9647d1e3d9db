import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, link, mkdir, open, readdir, readFile, rm, stat, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { UserError } from "../../errors.ts";
import { checkKey } from "../../ports/object-key.ts";
import type { ByteRange, ObjectInfo, ObjectStore } from "../../ports/object-store.ts";
import { checkRange } from "../range.ts";
import { explained } from "./explained.ts";

const format = 1;
const formatFile = "trivet-store.json";

/** No object takes so long to write: a temporary file of this age was left by a process that is gone. */
const leftoverMs = 3600_000;

/**
 * Objects as plain files under one folder; the key is the path. An object is written under a temporary name and then
 * hard-linked to its own: the link is atomic and fails when the name is taken, which is exactly create-if-absent, between
 * processes too. What a killed process leaves is a temporary file, never half an object.
 */
export class LocalObjectStore implements ObjectStore {
  readonly folder: string;
  readonly #temporary: string;

  private constructor(folder: string) {
    this.folder = folder;
    this.#temporary = join(folder, "tmp");
  }

  /** Opens the store, and creates it when the folder is new. Throws UserError for a store of another version. */
  static async open(folder: string): Promise<LocalObjectStore> {
    const store = new LocalObjectStore(folder);
    const path = join(folder, formatFile);
    await explained(folder, () => mkdir(store.#temporary, { recursive: true }));
    if (!(await stat(path).catch(unlessMissing)))
      await store.#create(path, Buffer.from(`${JSON.stringify({ format })}\n`));
    const found = await readFile(path, "utf8");
    if (found.trim() !== JSON.stringify({ format }))
      throw new UserError(
        `${join(folder, formatFile)} says ${found.trim().slice(0, 80)}, but this Trivet reads {"format":${format}}: another ` +
          "version wrote this store. Use that version, or choose another folder with --store.",
      );
    return store;
  }

  async putIfAbsent(key: string, body: Uint8Array): Promise<"created" | "exists"> {
    return this.#create(this.#path(key), body);
  }

  async get(key: string, range?: ByteRange): Promise<Uint8Array | undefined> {
    const file = await open(this.#path(key)).catch(unlessMissing);
    if (!file) return undefined;
    try {
      return range ? await readRange(key, file, range) : new Uint8Array(await file.readFile());
    } finally {
      await file.close();
    }
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    const found = await stat(this.#path(key)).catch(unlessMissing);
    return found && { key, sizeBytes: found.size, createdAtMs: Math.floor(found.mtimeMs) };
  }

  async list(prefix: string): Promise<ObjectInfo[]> {
    const folder = prefix.slice(0, prefix.lastIndexOf("/") + 1);
    const entries = await readdir(join(this.folder, folder), { recursive: true, withFileTypes: true }).catch(
      unlessMissing,
    );
    const keys = (entries ?? [])
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(this.folder.length + 1))
      .filter((key) => key.startsWith(prefix) && key !== formatFile && !key.startsWith("tmp/"))
      .sort((a, b) => (a < b ? -1 : 1));
    const found = await Promise.all(keys.map((key) => this.head(key)));
    return found.filter((info) => info !== undefined);
  }

  async delete(key: string): Promise<void> {
    await unlink(this.#path(key)).catch(unlessMissing);
  }

  /** Removes what killed processes left half written. Objects are not touched. */
  async removeLeftovers(nowMs: number): Promise<void> {
    for (const name of await readdir(this.#temporary)) {
      const path = join(this.#temporary, name);
      const found = await stat(path).catch(unlessMissing);
      if (found && nowMs - found.mtimeMs > leftoverMs) await rm(path, { force: true });
    }
  }

  /** Creates a file with all of its bytes, or leaves the one that has the name. */
  async #create(path: string, body: Uint8Array): Promise<"created" | "exists"> {
    const temporary = join(this.#temporary, randomUUID());
    try {
      return await explained(this.folder, async () => {
        await writeSynced(temporary, body);
        await mkdir(dirname(path), { recursive: true });
        const taken = await link(temporary, path).catch(unlessExists);
        return taken === "exists" ? "exists" : "created";
      });
    } finally {
      await rm(temporary, { force: true });
    }
  }

  #path(key: string): string {
    checkKey(key);
    return join(this.folder, key);
  }
}

async function writeSynced(path: string, body: Uint8Array): Promise<void> {
  const file = await open(path, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY);
  try {
    await file.writeFile(body);
    // Without this a power cut could leave an empty object under a name that can never be written again.
    await file.datasync();
  } finally {
    await file.close();
  }
}

async function readRange(key: string, file: FileHandle, range: ByteRange): Promise<Uint8Array> {
  checkRange(key, (await file.stat()).size, range);
  const bytes = new Uint8Array(range.lengthBytes);
  let done = 0;
  while (done < bytes.length) {
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, range.offsetBytes + done);
    if (bytesRead === 0) throw new RangeError(`${key} ended ${bytes.length - done} bytes early`);
    done += bytesRead;
  }
  return bytes;
}

function unlessExists(error: NodeJS.ErrnoException): "exists" {
  if (error.code !== "EEXIST") throw error;
  return "exists";
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT" && error.code !== "ENOTDIR") throw error;
}
