import { createHash } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { type BlockBlobClient, ContainerClient } from "@azure/storage-blob";
import { concurrently } from "../../data/concurrently.ts";
import { checkKey } from "../../ports/object-key.ts";
import type { ByteRange, ObjectInfo, ObjectStore } from "../../ports/object-store.ts";
import { concurrentParts, largeObjectBytes, partsOf } from "../large-objects.ts";
import { putIdField, putOnce } from "../put-once.ts";
import { checkLength, checkRange } from "../range.ts";
import { BrokenReply, readAgain, trying } from "../retry.ts";
import { type AzureOptions, clientSettings, credentialFor } from "./client-settings.ts";
import { codeOf, explaining, statusOf } from "./errors.ts";

/** Azure computes the MD5 of no longer range than this. */
const longestRangeWithMd5Bytes = 4 * 2 ** 20;

/**
 * Block blobs in a container. The MD5 of what is sent travels with each request, where Azure checks it; the whole object's
 * is stored with it, and is checked again on what a `get` brings, as is a range's up to 4 MiB.
 */
export class BlobObjectStore implements ObjectStore {
  readonly #container: ContainerClient;

  constructor(container: ContainerClient) {
    this.#container = container;
  }

  async putIfAbsent(key: string, body: Uint8Array): Promise<"created" | "exists"> {
    checkKey(key);
    const blob = this.#container.getBlockBlobClient(key);
    return putOnce(key, {
      create: (putId) => this.#put(blob, body, putId),
      storedPutId: async () => (await this.#head(key))?.putId,
    });
  }

  async get(key: string, range?: ByteRange): Promise<Uint8Array | undefined> {
    checkKey(key);
    if (range?.lengthBytes === 0) {
      const found = await this.head(key);
      if (found) checkRange(key, found.sizeBytes, range);
      return found && new Uint8Array(0);
    }
    return readAgain(key, () => this.#read(key, range));
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    checkKey(key);
    return (await this.#head(key))?.info;
  }

  async list(prefix: string): Promise<ObjectInfo[]> {
    const found: ObjectInfo[] = [];
    await this.#explaining(async () => {
      for await (const { name, properties } of this.#container.listBlobsFlat({ prefix }))
        found.push(infoOf(name, properties));
    });
    return found.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  async delete(key: string): Promise<void> {
    checkKey(key);
    await this.#explaining(() => this.#container.deleteBlob(key)).catch(unlessMissing);
  }

  async #put(blob: BlockBlobClient, body: Uint8Array, putId: string): Promise<boolean> {
    const once = {
      conditions: { ifNoneMatch: "*" },
      metadata: { [putIdField]: putId },
      blobHTTPHeaders: { blobContentMD5: md5(body) },
    };
    try {
      await this.#explaining<unknown>(() =>
        body.length > largeObjectBytes
          ? putBlocks(blob, body, putId, once)
          : blob.upload(body, body.length, { ...once, transactionalContentMD5: once.blobHTTPHeaders.blobContentMD5 }),
      );
      return true;
    } catch (error) {
      // InvalidBlockList: somebody else's commit has thrown our uncommitted blocks away.
      if ([409, 412].includes(statusOf(error) ?? 0) || codeOf(error) === "InvalidBlockList") return false;
      throw error;
    }
  }

  async #read(key: string, range: ByteRange | undefined): Promise<Uint8Array | undefined> {
    const reply = await this.#explaining(() =>
      this.#container.getBlobClient(key).download(range?.offsetBytes, range?.lengthBytes, {
        maxRetryRequests: trying.attempts - 1,
        rangeGetContentMD5: range && range.lengthBytes <= longestRangeWithMd5Bytes,
      }),
    ).catch(async (error) => {
      if (statusOf(error) === 416) checkRange(key, (await this.head(key))?.sizeBytes ?? 0, range!);
      return unlessMissing(error);
    });
    if (!reply) return undefined;
    const bytes = await buffer(reply.readableStreamBody!).catch((error: Error) => {
      throw new BrokenReply(error.message);
    });
    if (range) checkLength(key, bytes, range, reply.contentRange);
    // Of a range, the reply's `blobContentMD5` is the whole object's.
    if (reply.contentMD5 && !md5(bytes).equals(reply.contentMD5))
      throw new BrokenReply("its checksum is not that of what was stored");
    return new Uint8Array(bytes);
  }

  async #head(key: string): Promise<{ readonly info: ObjectInfo; readonly putId: string } | undefined> {
    const blob = this.#container.getBlobClient(key);
    const properties = await this.#explaining(() => blob.getProperties()).catch(unlessMissing);
    return properties && { info: infoOf(key, properties), putId: properties.metadata?.[putIdField] ?? "" };
  }

  #explaining<T>(request: () => Promise<T>): Promise<T> {
    return explaining(`the container ${this.#container.url}`, request);
  }
}

/** Opens a container by its address, `https://<account>.blob.core.windows.net/<container>`. Asks nothing of Azure yet. */
export function openObjectStore(address: string, options: AzureOptions = {}): BlobObjectStore {
  return new BlobObjectStore(new ContainerClient(address, credentialFor(address, options), clientSettings));
}

/**
 * Concurrent writers share the list of a blob's uncommitted blocks, and a block of the same name replaces the other; so
 * names hold the put's id. All names of a blob must be of equal length.
 */
async function putBlocks(
  blob: BlockBlobClient,
  body: Uint8Array,
  putId: string,
  once: Parameters<BlockBlobClient["commitBlockList"]>[1],
): Promise<void> {
  const names = await concurrently(partsOf(body), concurrentParts, async ({ number, bytes }) => {
    const name = Buffer.from(`${putId}.${String(number).padStart(5, "0")}`).toString("base64");
    await blob.stageBlock(name, bytes, bytes.length, { transactionalContentMD5: md5(bytes) });
    return name;
  });
  await blob.commitBlockList(names, once);
}

function infoOf(
  key: string,
  properties: { contentLength?: number; createdOn?: Date; lastModified?: Date },
): ObjectInfo {
  const { contentLength, createdOn, lastModified } = properties;
  return { key, sizeBytes: contentLength!, createdAtMs: (createdOn ?? lastModified)!.getTime() };
}

function md5(bytes: Uint8Array): Buffer {
  return createHash("md5").update(bytes).digest();
}

function unlessMissing(error: unknown): undefined {
  if (statusOf(error) !== 404) throw error;
}
