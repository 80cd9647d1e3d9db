import {
  type Bucket,
  CRC32C,
  type File,
  type FileMetadata,
  type GetFilesOptions,
  type GetFilesResponse,
  IdempotencyStrategy,
  Storage,
} from "@google-cloud/storage";
import { checkKey } from "../../ports/object-key.ts";
import type { ByteRange, ObjectInfo, ObjectStore } from "../../ports/object-store.ts";
import { largeObjectBytes } from "../large-objects.ts";
import { putIdField, putOnce } from "../put-once.ts";
import { checkLength, checkRange, rangeHeader } from "../range.ts";
import { BrokenReply, readAgain, trying } from "../retry.ts";
import { type GcpOptions, identity, requestSettings } from "./client-settings.ts";
import { explaining, statusOf } from "./errors.ts";

/** For requests that ask for no object: where they are answered with 404, the bucket is missing. */
const isMissing = () => true;

/** The most that Cloud Storage lists in one reply. */
const pageSize = 1000;

interface ListedObject extends Pick<FileMetadata, "size" | "timeCreated"> {
  readonly name: string;
}

/**
 * Objects in a Cloud Storage bucket. The CRC-32C of the whole object travels with each put, where Cloud Storage checks it,
 * and comes with each `get`, where it is checked again.
 */
export class GcsObjectStore implements ObjectStore {
  readonly #bucket: Bucket;

  constructor(bucket: Bucket) {
    this.#bucket = bucket;
  }

  async putIfAbsent(key: string, body: Uint8Array): Promise<"created" | "exists"> {
    checkKey(key);
    const file = this.#bucket.file(key);
    return putOnce(key, {
      create: (putId) => this.#put(file, body, putId),
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
    return readAgain(key, () => this.#explaining(() => this.#read(key, range)));
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    checkKey(key);
    return (await this.#head(key))?.info;
  }

  async list(prefix: string): Promise<ObjectInfo[]> {
    const found: ObjectInfo[] = [];
    let page: GetFilesOptions | null = {
      prefix,
      maxResults: pageSize,
      fields: "items(name,size,timeCreated),nextPageToken",
    };
    while (page) {
      const query: GetFilesOptions = { ...page, autoPaginate: false };
      const [files, next]: GetFilesResponse = await this.#explaining(() => this.#bucket.getFiles(query), isMissing);
      // Where `fields` are asked for, the client gives what the service said, whatever its types say.
      for (const object of files as unknown as ListedObject[]) found.push(infoOf(object.name, object));
      page = next;
    }
    return found.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  async delete(key: string): Promise<void> {
    checkKey(key);
    await this.#explaining(() => this.#bucket.file(key).delete({ ignoreNotFound: true }));
  }

  async #put(file: File, body: Uint8Array, putId: string): Promise<boolean> {
    const crc32c = new CRC32C();
    crc32c.update(Buffer.from(body.buffer, body.byteOffset, body.byteLength));
    const options = {
      resumable: body.length > largeObjectBytes,
      preconditionOpts: { ifGenerationMatch: 0 },
      contentType: "application/octet-stream",
      metadata: { crc32c: crc32c.toString(), metadata: { [putIdField]: putId } },
      // Cloud Storage has checked it; the client's own check would delete the object where it fails.
      validation: false,
      timeout: trying.requestMs,
    };
    try {
      await this.#explaining(() => file.save(body, options), isMissing);
      return true;
    } catch (error) {
      if (statusOf(error) === 412) return false;
      throw error;
    }
  }

  /** Through the client's credentials alone: its stream for reading warns of too many listeners at each large object. */
  async #read(key: string, range: ByteRange | undefined): Promise<Uint8Array | undefined> {
    const { storage, name } = this.#bucket;
    const url = `${storage.baseUrl}/b/${name}/o/${encodeURIComponent(key)}?alt=media`;
    const headers = { "accept-encoding": "identity", ...(range && { range: rangeHeader(range) }) };
    const request = { ...requestSettings, url, headers, responseType: "arraybuffer" as const };
    try {
      const reply = await storage.authClient.request<ArrayBuffer>(request);
      const bytes = new Uint8Array(reply.data);
      if (range) checkLength(key, bytes, range, reply.headers.get("content-range"));
      else checkCrc32c(bytes, reply.headers.get("x-goog-hash"));
      return bytes;
    } catch (error) {
      if (statusOf(error) === 416) checkRange(key, (await this.head(key))?.sizeBytes ?? 0, range!);
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  }

  async #head(key: string): Promise<{ readonly info: ObjectInfo; readonly putId: string } | undefined> {
    const file = this.#bucket.file(key);
    try {
      await this.#explaining(() => file.getMetadata());
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
    return { info: infoOf(key, file.metadata), putId: String(file.metadata.metadata?.[putIdField] ?? "") };
  }

  #explaining<T>(request: () => Promise<T>, placeIsMissing?: () => boolean): Promise<T> {
    return explaining(`the bucket ${this.#bucket.name}`, request, placeIsMissing);
  }
}

/** Opens a bucket by its name. Asks nothing of Cloud Storage yet. */
export function openObjectStore(bucket: string, { endpoint }: GcpOptions = {}): GcsObjectStore {
  const storage = new Storage({
    ...(endpoint && { apiEndpoint: endpoint, projectId: "emulator" }),
    authClient: identity(endpoint, "https://www.googleapis.com/auth/devstorage.read_write"),
    timeout: trying.requestMs,
    retryOptions: {
      autoRetry: true,
      maxRetries: trying.attempts - 1,
      maxRetryDelay: 4,
      // Every put has a precondition, so trying it again is safe.
      idempotencyStrategy: IdempotencyStrategy.RetryConditional,
    },
  });
  return new GcsObjectStore(storage.bucket(bucket));
}

function infoOf(key: string, { size, timeCreated }: Pick<FileMetadata, "size" | "timeCreated">): ObjectInfo {
  return { key, sizeBytes: Number(size), createdAtMs: Date.parse(timeCreated!) };
}

function checkCrc32c(bytes: Uint8Array, hashes: string | null): void {
  const expected = /crc32c=([^,]+)/.exec(hashes ?? "")?.[1];
  const crc32c = new CRC32C();
  crc32c.update(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  if (!expected || !crc32c.validate(expected)) throw new BrokenReply("its checksum is not that of what was stored");
}
