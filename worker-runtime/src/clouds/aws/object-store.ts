import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { concurrently } from "../../data/concurrently.ts";
import { checkKey } from "../../ports/object-key.ts";
import type { ByteRange, ObjectInfo, ObjectStore } from "../../ports/object-store.ts";
import { concurrentParts, largeObjectBytes, partsOf } from "../large-objects.ts";
import { putIdField, putOnce } from "../put-once.ts";
import { checkLength, checkRange, rangeHeader } from "../range.ts";
import { BrokenReply, readAgain } from "../retry.ts";
import { type AwsOptions, clientSettings } from "./client-settings.ts";
import { explaining, statusOf } from "./errors.ts";

/**
 * Objects in an S3 bucket. Every object carries a CRC-32 of the whole (of its parts, combined by S3, where it is large):
 * the SDK sends it, S3 checks it, and the SDK checks it again on what a `get` brings.
 */
export class S3ObjectStore implements ObjectStore {
  readonly #client: S3Client;
  readonly #bucket: string;

  constructor(client: S3Client, bucket: string) {
    this.#client = client;
    this.#bucket = bucket;
  }

  async putIfAbsent(key: string, body: Uint8Array): Promise<"created" | "exists"> {
    checkKey(key);
    return putOnce(key, {
      create: (putId) =>
        body.length > largeObjectBytes ? this.#putParts(key, body, putId) : this.#put(key, body, putId),
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
    return readAgain(key, async () => {
      const reply = await this.#get(key, range);
      if (!reply?.Body) return undefined;
      const bytes = await reply.Body.transformToByteArray().catch((error: Error) => {
        throw new BrokenReply(error.message);
      });
      if (range) checkLength(key, bytes, range, reply.ContentRange);
      return bytes;
    });
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    checkKey(key);
    return (await this.#head(key))?.info;
  }

  async list(prefix: string): Promise<ObjectInfo[]> {
    const found: ObjectInfo[] = [];
    let page: string | undefined;
    do {
      const command = new ListObjectsV2Command({ Bucket: this.#bucket, Prefix: prefix, ContinuationToken: page });
      const { Contents = [], NextContinuationToken } = await this.#explaining(() => this.#client.send(command));
      for (const { Key, Size, LastModified } of Contents)
        found.push({ key: Key!, sizeBytes: Size!, createdAtMs: LastModified!.getTime() });
      page = NextContinuationToken;
    } while (page);
    return found.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  async delete(key: string): Promise<void> {
    checkKey(key);
    await this.#explaining(() => this.#client.send(new DeleteObjectCommand({ Bucket: this.#bucket, Key: key })));
  }

  async #put(key: string, body: Uint8Array, putId: string): Promise<boolean> {
    const command = new PutObjectCommand({
      ...{ Bucket: this.#bucket, Key: key, Body: body, ChecksumAlgorithm: "CRC32" },
      ...{ IfNoneMatch: "*", Metadata: { [putIdField]: putId } },
    });
    return unlessRefused(this.#explaining(() => this.#client.send(command)));
  }

  async #putParts(key: string, body: Uint8Array, putId: string): Promise<boolean> {
    const object = { Bucket: this.#bucket, Key: key };
    const checksum = { ChecksumAlgorithm: "CRC32", ChecksumType: "FULL_OBJECT" } as const;
    const create = new CreateMultipartUploadCommand({ ...object, ...checksum, Metadata: { [putIdField]: putId } });
    const { UploadId } = await this.#explaining(() => this.#client.send(create));
    const upload = { ...object, UploadId };
    let completed = false;
    try {
      const Parts = await concurrently(partsOf(body), concurrentParts, async ({ number, bytes }) => {
        const part = { ...upload, PartNumber: number, Body: bytes, ChecksumAlgorithm: "CRC32" } as const;
        const { ETag, ChecksumCRC32 } = await this.#explaining(() => this.#client.send(new UploadPartCommand(part)));
        return { PartNumber: number, ETag, ChecksumCRC32 };
      });
      const complete = {
        ...upload,
        ChecksumType: "FULL_OBJECT",
        MultipartUpload: { Parts },
        IfNoneMatch: "*",
      } as const;
      const sent = this.#explaining(() => this.#client.send(new CompleteMultipartUploadCommand(complete)));
      completed = await unlessRefused(sent);
      return completed;
    } finally {
      // Parts that are not put together would be paid for. The bucket's lifecycle removes what is missed here.
      if (!completed) await this.#client.send(new AbortMultipartUploadCommand(upload)).catch(() => {});
    }
  }

  async #get(key: string, range: ByteRange | undefined): Promise<GetObjectCommandOutput | undefined> {
    const command = new GetObjectCommand({
      ...{ Bucket: this.#bucket, Key: key, ChecksumMode: "ENABLED" },
      ...(range && { Range: rangeHeader(range) }),
    });
    try {
      return await this.#explaining(() => this.#client.send(command));
    } catch (error) {
      if (statusOf(error) === 416) checkRange(key, (await this.head(key))?.sizeBytes ?? 0, range!);
      return unlessMissing(error);
    }
  }

  async #head(key: string): Promise<{ readonly info: ObjectInfo; readonly putId: string } | undefined> {
    const command = new HeadObjectCommand({ Bucket: this.#bucket, Key: key });
    const reply = await this.#explaining(() => this.#client.send(command)).catch(unlessMissing);
    if (!reply) return undefined;
    const { ContentLength, LastModified, Metadata } = reply;
    return {
      info: { key, sizeBytes: ContentLength!, createdAtMs: LastModified!.getTime() },
      putId: Metadata?.[putIdField] ?? "",
    };
  }

  #explaining<T>(request: () => Promise<T>): Promise<T> {
    return explaining(`the bucket ${this.#bucket}`, request);
  }
}

/** Opens a bucket by its name. Asks nothing of S3 yet. */
export function openObjectStore(bucket: string, options: AwsOptions = {}): S3ObjectStore {
  const settings = clientSettings(options);
  // Emulators have no host name for each bucket.
  return new S3ObjectStore(new S3Client({ ...settings, forcePathStyle: settings.endpoint !== undefined }), bucket);
}

/**
 * 412: the key is taken. 409: another write is under way, and S3 does not say yet which wins. 404: this upload has been
 * completed already, by a try whose reply was lost.
 */
async function unlessRefused(put: Promise<unknown>): Promise<boolean> {
  try {
    await put;
    return true;
  } catch (error) {
    if ([404, 409, 412].includes(statusOf(error) ?? 0)) return false;
    throw error;
  }
}

function unlessMissing(error: unknown): undefined {
  if (statusOf(error) !== 404) throw error;
}
